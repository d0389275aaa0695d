package io.offcut.slurm.internal.site;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.slurm.SiteDaemon;
import io.offcut.slurm.SiteFinding;
import io.offcut.slurm.SiteFinding.State;
import io.offcut.slurm.internal.site.SiteFacts.Cgroups;
import io.offcut.slurm.internal.site.SiteFacts.Node;
import io.offcut.slurm.internal.site.SiteFacts.PluginFile;
import io.offcut.slurm.internal.site.SiteFacts.Plugstack;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SiteChecksTest {
    private static final SiteFacts GOOD = GoodSite.of("22.05");

    /** A change of the facts that are good otherwise. */
    private record Changed(
            Reading version,
            Reading config,
            Reading partitions,
            Reading cgroupConf,
            Plugstack stack) {
        static Changed none() {
            return new Changed(
                    GOOD.version(),
                    GOOD.config(),
                    GOOD.partitions(),
                    GOOD.cgroupConf(),
                    GOOD.plugstack());
        }

        Changed config(String text) {
            return new Changed(version, Reading.of(text), partitions, cgroupConf, stack);
        }

        Changed partitions(String text) {
            return new Changed(version, config, Reading.of(text), cgroupConf, stack);
        }

        Changed cgroupConf(Reading text) {
            return new Changed(version, config, partitions, text, stack);
        }

        Changed stack(Plugstack other) {
            return new Changed(version, config, partitions, cgroupConf, other);
        }

        SiteFacts facts() {
            return new SiteFacts(
                    true,
                    version,
                    config,
                    partitions,
                    cgroupConf,
                    stack,
                    GOOD.plugin(),
                    GOOD.node());
        }
    }

    /** The recorded configuration with another value for one key. */
    private static String configWith(String key, String value) {
        String text = requireNonNull(GOOD.config().text());
        String changed = text.replaceAll("(?m)^" + key + " *= .*$", key + " = " + value);
        assertThat(changed).as("has the key " + key).isNotEqualTo(text);
        return changed;
    }

    private static SiteFacts withPlugin(PluginFile plugin) {
        return new SiteFacts(
                true,
                GOOD.version(),
                GOOD.config(),
                GOOD.partitions(),
                GOOD.cgroupConf(),
                GOOD.plugstack(),
                plugin,
                GOOD.node());
    }

    private static SiteFacts withNode(Node node) {
        return new SiteFacts(
                true,
                GOOD.version(),
                GOOD.config(),
                GOOD.partitions(),
                GOOD.cgroupConf(),
                GOOD.plugstack(),
                GOOD.plugin(),
                node);
    }

    private static Node nodeWith(String record, SiteDaemon daemon, Reading socket, long swapBytes) {
        Node good = GoodSite.node();
        return new Node("n1", record, daemon, "", true, socket, good.cgroups(), swapBytes);
    }

    private static SiteDaemon daemon(String name, boolean slurmOn, String socket, String cpus) {
        return new SiteDaemon(name, slurmOn, socket, cpus);
    }

    /** Every finding that is not as on the good site. */
    private static List<SiteFinding> wrong(SiteFacts facts) {
        List<SiteFinding> usual = SiteChecks.of(GOOD);
        return SiteChecks.of(facts).stream()
                .filter(f -> f.state() != State.OK)
                .filter(f -> usual.stream().noneMatch(u -> u.equals(f)))
                .toList();
    }

    private static void assertOnly(SiteFacts facts, String check, State state) {
        List<SiteFinding> wrong = wrong(facts);
        assertThat(wrong).extracting(SiteFinding::check).containsExactly(check);
        assertThat(wrong.getFirst().state()).isEqualTo(state);
        assertThat(wrong.getFirst().found()).isNotBlank();
        assertThat(wrong.getFirst().advice()).isNotBlank().doesNotContain("\n");
    }

    private static State stateOf(SiteFacts facts, String check) {
        return SiteChecks.of(facts).stream()
                .filter(f -> f.check().equals(check))
                .map(SiteFinding::state)
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"20.11", "22.05", "23.11", "24.11", "25.05"})
    void findsNothingToChangeOnAGoodSite(String release) {
        assertThat(SiteChecks.of(GoodSite.of(release)))
                .noneMatch(f -> f.state() == State.CHANGE)
                .noneMatch(f -> f.state() == State.UNCHECKED);
    }

    @Test
    void notesOnTheRecordedClusterOnlyThatPilotsHaveNoPreemption() {
        assertThat(SiteChecks.of(GOOD).stream().filter(f -> f.state() != State.OK))
                .extracting(SiteFinding::check)
                .containsExactly("preemption");
    }

    @ParameterizedTest
    @CsvSource({
        "PrologFlags, (null), PrologFlags, CHANGE",
        "PrologFlags, Alloc, PrologFlags, CHANGE",
        "PrologFlags, Contain, PrologFlags, CHANGE",
        "ProctrackType, proctrack/linuxproc, ProctrackType, CHANGE",
        "ProctrackType, proctrack/pgid, ProctrackType, CHANGE",
        "TaskPlugin, task/affinity, TaskPlugin, CHANGE",
        "TaskPlugin, (null), TaskPlugin, CHANGE",
        "ConstrainCores, no, ConstrainCores, CHANGE",
        "ConstrainRAMSpace, no, ConstrainRAMSpace, CHANGE",
        "JobContainerType, job_container/tmpfs, JobContainerType, NOTE",
        "SelectType, select/linear, SelectType, NOTE",
        "SelectTypeParameters, CR_CORE, SelectTypeParameters, CHANGE",
        "SelectTypeParameters, (null), SelectTypeParameters, CHANGE",
        "DefMemPerCPU, UNLIMITED, DefMemPerCPU, NOTE",
        "JobAcctGatherType, jobacct_gather/linux, JobAcctGatherType, NOTE",
        "AuthType, auth/none, AuthType, CHANGE",
        "PrivateData, 'accounts,jobs', PrivateData, NOTE",
    })
    void findsTheOneSettingThatIsWrong(String key, String value, String check, State state) {
        assertOnly(Changed.none().config(configWith(key, value)).facts(), check, state);
    }

    @ParameterizedTest
    @CsvSource({
        "PrologFlags, 'X11,Contain,Alloc'",
        "TaskPlugin, 'task/affinity,task/cgroup'",
        "TaskPlugin, 'affinity,cgroup'",
        "SelectTypeParameters, 'CR_CPU_MEMORY,CR_LLN'",
        "SelectType, select/cons_res",
        "AuthType, auth/slurm",
        "PrivateData, 'accounts,usage'",
    })
    void acceptsOtherGoodValues(String key, String value) {
        assertThat(wrong(Changed.none().config(configWith(key, value)).facts())).isEmpty();
    }

    @Test
    void takesConstraintsFromTheFileWhereScontrolShowsNone() {
        String text = requireNonNull(GOOD.config().text());
        String shown = text.substring(0, text.indexOf("\nCgroup Support"));
        Changed silent = Changed.none().config(shown);
        Reading good = Reading.of("constraincores=YES # not no\nConstrainRAMSpace=yes");
        Reading bad = Reading.of("ConstrainCores=no\nConstrainRAMSpace=yes");

        assertThat(wrong(silent.cgroupConf(good).facts())).isEmpty();
        assertOnly(silent.cgroupConf(bad).facts(), "ConstrainCores", State.CHANGE);
        assertThat(wrong(silent.facts()))
                .extracting(SiteFinding::state)
                .containsExactly(State.UNCHECKED, State.UNCHECKED);
    }

    @Test
    void tellsWhichPartitionsLeaveLittle() {
        String whole =
                GoodSite.partition("w", "NO", 1, "EXCLUSIVE", "OFF", "DefMemPerNode=UNLIMITED");
        String single = GoodSite.partition("u", "YES", 1, "NO", "OFF", "DefMemPerNode=UNLIMITED");

        assertOnly(Changed.none().partitions(whole).facts(), "whole-node partitions", State.NOTE);
        assertOnly(Changed.none().partitions(single).facts(), "one-user partitions", State.NOTE);
    }

    @Test
    void takesAPartitionsOwnDefaultMemory() {
        Changed unset = Changed.none().config(configWith("DefMemPerCPU", "UNLIMITED"));
        String set = GoodSite.partition("b", "NO", 1, "NO", "OFF", "DefMemPerCPU=800");
        String not = GoodSite.partition("c", "NO", 1, "NO", "OFF", "DefMemPerNode=UNLIMITED");

        assertThat(wrong(unset.partitions(set).facts())).isEmpty();
        assertThat(wrong(unset.partitions(set + "\n" + not).facts()))
                .extracting(SiteFinding::found)
                .containsExactly("not set for c");
    }

    @Test
    void wantsALowerTierThatIsCancelledForPilots() {
        Changed preempting =
                Changed.none().config(configWith("PreemptType", "preempt/partition_prio"));
        String suspended = GoodSite.partitions().replace("CANCEL", "SUSPEND");
        String flat = GoodSite.partitions().replace("PriorityTier=1", "PriorityTier=2");

        assertThat(stateOf(preempting.facts(), "preemption")).isEqualTo(State.OK);
        assertThat(stateOf(preempting.partitions(suspended).facts(), "preemption"))
                .isEqualTo(State.NOTE);
        assertThat(stateOf(preempting.partitions(flat).facts(), "preemption"))
                .isEqualTo(State.NOTE);
        assertThat(
                        stateOf(
                                Changed.none()
                                        .config(configWith("PreemptType", "preempt/qos"))
                                        .facts(),
                                "preemption"))
                .isEqualTo(State.OK);
    }

    @ParameterizedTest
    @CsvSource({"19.05, NOTE", "20.11, OK", "25.05, OK", "25.11, NOTE"})
    void notesAnUnknownRelease(String release, State state) {
        SiteFacts facts =
                new SiteFacts(
                        true,
                        Reading.of("slurm " + release + ".3"),
                        GOOD.config(),
                        GOOD.partitions(),
                        GOOD.cgroupConf(),
                        GOOD.plugstack(),
                        GoodSite.plugin(release),
                        GOOD.node());
        assertThat(stateOf(facts, "Slurm's commands")).isEqualTo(state);
    }

    @Test
    void saysOnceThatThereIsNoSlurmOrNoController() {
        SiteFacts bare =
                new SiteFacts(
                        false,
                        Reading.none("no scontrol"),
                        Reading.none("no scontrol"),
                        Reading.none("no scontrol"),
                        Reading.none("is not on this machine"),
                        new Plugstack("", "no slurm.conf on this machine", List.of(), List.of()),
                        null,
                        null);
        SiteFacts silent =
                new SiteFacts(
                        true,
                        GOOD.version(),
                        Reading.none("scontrol did not answer within 10000 ms"),
                        Reading.none(""),
                        GOOD.cgroupConf(),
                        GOOD.plugstack(),
                        GOOD.plugin(),
                        null);

        assertThat(wrong(bare).stream().filter(f -> f.state() == State.CHANGE))
                .extracting(SiteFinding::check)
                .containsExactly("Slurm's commands");
        assertOnly(silent, "controller", State.CHANGE);
    }

    @Test
    void wantsThePluginOnceAndOptional() {
        Plugstack none =
                new Plugstack("/etc/slurm/plugstack.conf", "is not there", List.of(), List.of());
        Plugstack.Line line = GoodSite.stack(false).lines().getFirst();
        Plugstack twice = new Plugstack("/p", "", List.of(line, line), List.of());
        Plugstack other =
                new Plugstack(
                        "/p",
                        "",
                        List.of(new Plugstack.Line("/p:1", true, "myoffcut.so", List.of())),
                        List.of());

        for (Plugstack stack : List.of(none, twice, other)) {
            List<SiteFinding> wrong = wrong(Changed.none().stack(stack).facts());
            assertThat(wrong.getFirst().check()).isEqualTo("plugstack.conf");
            assertThat(wrong.getFirst().state()).isEqualTo(State.CHANGE);
        }
        String[] arguments = {"socket=/run/offcut/%n.sock"};
        assertOnly(
                Changed.none().stack(GoodSite.stack(true, arguments)).facts(),
                "plugstack.conf",
                State.CHANGE);
    }

    @ParameterizedTest
    @CsvSource({
        "deadline_ms=0, CHANGE",
        "deadline_ms=60001, CHANGE",
        "deadline_ms=soon, CHANGE",
        "deadline=100, CHANGE",
        "deadline_ms=5000, NOTE",
        "share=maybe, CHANGE",
        "verbose, CHANGE",
        "'=', CHANGE",
        "socket=run/x, CHANGE",
    })
    void judgesThePluginsArguments(String argument, State state) {
        Plugstack stack = GoodSite.stack(false, "socket=/run/offcut/%n.sock", argument);
        assertOnly(Changed.none().stack(stack).facts(), "plugin arguments", state);
    }

    @ParameterizedTest
    @ValueSource(strings = {"share=on", "share=off", "deadline_ms=1", "deadline_ms=2000"})
    void acceptsThePluginsArguments(String argument) {
        Plugstack stack = GoodSite.stack(false, "socket=/run/offcut/%n.sock", argument);
        assertThat(wrong(Changed.none().stack(stack).facts())).isEmpty();
    }

    @Test
    void judgesThePluginsFile() {
        String path = "/usr/lib/slurm/offcut.so";
        assertOnly(
                withPlugin(new PluginFile(path, "is not there", "", "")),
                "plugin file",
                State.CHANGE);
        assertOnly(
                withPlugin(new PluginFile(path, "", "/usr/lib belongs to user ada", "22.05.1")),
                "plugin file",
                State.CHANGE);
        assertOnly(
                withPlugin(new PluginFile(path, "", "", "23.02.1")),
                "plugin version",
                State.CHANGE);
        assertOnly(withPlugin(new PluginFile(path, "", "", "")), "plugin version", State.CHANGE);
        assertThat(wrong(withPlugin(new PluginFile(path, "", "", "22.05.99")))).isEmpty();
    }

    @Test
    void judgesTheNodeDaemon() {
        Node good = GoodSite.node();
        String record = good.record();
        String socket = "/run/offcut/n1.sock";
        SiteDaemon fine = daemon("n1", true, socket, "");
        Reading ok = Reading.of("OK");

        SiteDaemon renamed = daemon("node-1", true, socket, "");
        assertOnly(withNode(nodeWith(record, renamed, ok, 0)), "node name", State.CHANGE);
        SiteDaemon off = daemon("n1", false, socket, "");
        assertOnly(withNode(nodeWith(record, off, ok, 0)), "node.yaml", State.CHANGE);
        SiteDaemon elsewhere = daemon("n1", true, "/run/other.sock", "");
        assertOnly(withNode(nodeWith(record, elsewhere, ok, 0)), "plugin socket", State.CHANGE);
        Reading gone = Reading.none("is not there");
        assertOnly(withNode(nodeWith(record, fine, gone, 0)), "plugin socket", State.CHANGE);
        Reading refused = Reading.of("ERROR not permitted");
        assertOnly(withNode(nodeWith(record, fine, refused, 0)), "plugin socket", State.CHANGE);
    }

    @Test
    void findsCoresThatSlurmGivesToNoJob() {
        String record = GoodSite.node().record() + " CoreSpecCount=2 CPUSpecList=14-15";
        Reading ok = Reading.of("OK");
        SiteDaemon fine = daemon("n1", true, "/run/offcut/n1.sock", "");
        SiteDaemon told = daemon("n1", true, "/run/offcut/n1.sock", "0-13");

        assertOnly(withNode(nodeWith(record, fine, ok, 0)), "cores set aside", State.CHANGE);
        assertThat(wrong(withNode(nodeWith(record, told, ok, 0)))).isEmpty();
    }

    @Test
    void judgesControlGroupsAndSwap() {
        Node good = GoodSite.node();
        SiteDaemon daemon = requireNonNull(good.daemon());
        assertOnly(
                withNode(nodeWith(good.record(), daemon, good.socket(), 1L << 30)),
                "swap",
                State.NOTE);
        for (Cgroups groups :
                List.of(
                        new Cgroups(0, Set.of()),
                        new Cgroups(1, Set.of("cpuset", "memory", "pids")),
                        new Cgroups(2, Set.of("cpuset", "pids")))) {
            Node node = new Node("n1", good.record(), daemon, "", true, good.socket(), groups, 0);
            assertOnly(withNode(node), "control groups", State.CHANGE);
        }
    }

    @Test
    void leavesTheSocketUncheckedWithoutRoot() {
        Node good = GoodSite.node();
        Node user =
                new Node(
                        "n1",
                        good.record(),
                        good.daemon(),
                        "",
                        false,
                        Reading.none("does not answer"),
                        good.cgroups(),
                        0);
        assertOnly(withNode(user), "plugin socket", State.UNCHECKED);
    }

    @Test
    void keepsControlCharactersAndLengthOutOfWhatItFound() {
        String hostile = "\033[31m" + "x".repeat(100_000);
        SiteFinding finding =
                SiteChecks.of(Changed.none().config(configWith("AuthType", hostile)).facts())
                        .stream()
                        .filter(f -> f.check().equals("AuthType"))
                        .findFirst()
                        .orElseThrow();
        assertThat(finding.found()).hasSizeLessThan(300).doesNotContain("\033");
    }
}
