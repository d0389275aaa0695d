package io.offcut.slurm.internal.site;

import static io.offcut.slurm.SiteFinding.change;
import static io.offcut.slurm.SiteFinding.note;
import static io.offcut.slurm.SiteFinding.ok;
import static io.offcut.slurm.SiteFinding.unchecked;

import io.offcut.slurm.SiteFinding;
import io.offcut.slurm.internal.parse.FieldLine;
import io.offcut.slurm.internal.parse.SlurmText;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What does Slurm keep account of, and how much does it leave to functions and to pilots? */
final class AccountChecks {
    private static final int NAMED_PARTITIONS = 3;

    private AccountChecks() {}

    static List<SiteFinding> of(ConfigTable config, Reading partitions) {
        List<SiteFinding> findings = new ArrayList<>();
        findings.add(selection(config));
        findings.add(memory(config));
        List<FieldLine> records = records(partitions);
        findings.add(defaultMemory(config, records));
        findings.add(jobUse(config));
        if (partitions.text() == null) {
            findings.add(unchecked("partitions", partitions.why(), ""));
            return findings;
        }
        findings.add(wholeNodes(records));
        findings.add(oneUser(records));
        findings.add(pilots(config, records));
        return findings;
    }

    private static List<FieldLine> records(Reading partitions) {
        String text = partitions.text();
        return text == null
                ? List.of()
                : text.lines()
                        .filter(line -> line.startsWith("PartitionName="))
                        .map(FieldLine::parse)
                        .toList();
    }

    private static SiteFinding selection(ConfigTable config) {
        String type = config.get("SelectType");
        boolean cores = type.equals("select/cons_tres") || type.equals("select/cons_res");
        return cores
                ? ok("SelectType", type)
                : note(
                        "SelectType",
                        type,
                        "set SelectType=select/cons_tres in slurm.conf if jobs need not have whole"
                                + " nodes: with this one functions run only between jobs and on"
                                + " what a shared job leaves idle");
    }

    private static SiteFinding memory(ConfigTable config) {
        String parameters = config.get("SelectTypeParameters");
        return ConfigTable.lower(parameters).contains("memory")
                ? ok("SelectTypeParameters", parameters)
                : change(
                        "SelectTypeParameters",
                        parameters.isEmpty() ? "not set" : parameters,
                        "set SelectTypeParameters=CR_Core_Memory in slurm.conf: without an account"
                                + " of memory functions are offered all that is free now, also what"
                                + " a running job is about to use");
    }

    private static SiteFinding defaultMemory(ConfigTable config, List<FieldLine> partitions) {
        List<FieldLine> unlimited =
                partitions.stream()
                        .filter(p -> !memorySet(p.firstOr("DefMemPerCPU", "")))
                        .filter(p -> !memorySet(p.firstOr("DefMemPerNode", "")))
                        .filter(p -> !memorySet(p.firstOr("DefMemPerGPU", "")))
                        .toList();
        boolean cluster =
                memorySet(config.get("DefMemPerCPU")) || memorySet(config.get("DefMemPerNode"));
        if (cluster || (!partitions.isEmpty() && unlimited.isEmpty())) {
            return ok("DefMemPerCPU", "a job without --mem gets a part of the memory");
        }
        return note(
                "DefMemPerCPU",
                unlimited.isEmpty() ? "not set" : "not set for " + names(unlimited),
                "set DefMemPerCPU in slurm.conf: a job that names no memory gets all of its node,"
                        + " and no memory is left to offer");
    }

    private static SiteFinding jobUse(ConfigTable config) {
        String type = config.get("JobAcctGatherType");
        return type.equals("jobacct_gather/cgroup")
                ? ok("JobAcctGatherType", type)
                : note(
                        "JobAcctGatherType",
                        type.isEmpty() ? "not set" : type,
                        "set JobAcctGatherType=jobacct_gather/cgroup in slurm.conf if functions may"
                                + " use what shared jobs leave idle: a job's CPU time is counted in"
                                + " its control group only then");
    }

    private static boolean memorySet(String value) {
        return SlurmText.number(value, 0) > 0;
    }

    private static SiteFinding wholeNodes(List<FieldLine> partitions) {
        List<FieldLine> whole =
                those(partitions, p -> p.firstOr("OverSubscribe", "").startsWith("EXCLUSIVE"));
        return whole.isEmpty()
                ? ok("whole-node partitions", "none")
                : note(
                        "whole-node partitions",
                        names(whole) + ": OverSubscribe=EXCLUSIVE",
                        "nothing, if that is wanted: functions run there only between jobs, and on"
                                + " what a shared job leaves idle");
    }

    private static SiteFinding oneUser(List<FieldLine> partitions) {
        List<FieldLine> single =
                those(
                        partitions,
                        p ->
                                p.firstOr("ExclusiveUser", "").equals("YES")
                                        || p.firstOr("OverSubscribe", "").startsWith("USER"));
        return single.isEmpty()
                ? ok("one-user partitions", "none")
                : note(
                        "one-user partitions",
                        names(single) + ": ExclusiveUser=YES",
                        "run no node daemon on their nodes if users must not meet there: functions"
                                + " of any user run beside the jobs");
    }

    private static SiteFinding pilots(ConfigTable config, List<FieldLine> partitions) {
        String type = config.get("PreemptType");
        if (type.equals("preempt/qos")) {
            return ok("preemption", type + ": for pilots, give a partition or account a low QOS");
        }
        int highest = partitions.stream().mapToInt(AccountChecks::tier).max().orElse(1);
        List<FieldLine> low =
                those(
                        partitions,
                        p ->
                                tier(p) < highest
                                        && List.of("CANCEL", "REQUEUE")
                                                .contains(p.firstOr("PreemptMode", "")));
        if (type.equals("preempt/partition_prio") && !low.isEmpty()) {
            return ok("preemption", type + ": pilots may use " + names(low));
        }
        return note(
                "preemption",
                type.isEmpty() ? "not set" : type,
                "only for `offcut pilot`: set PreemptType=preempt/partition_prio and give a"
                        + " partition of the same nodes a lower PriorityTier and"
                        + " PreemptMode=CANCEL; otherwise pilots stand in the way of jobs");
    }

    private static int tier(FieldLine partition) {
        return SlurmText.number(partition.first("PriorityTier"), 1);
    }

    private static List<FieldLine> those(List<FieldLine> all, Predicate<FieldLine> wanted) {
        return all.stream().filter(wanted).toList();
    }

    private static String names(List<FieldLine> partitions) {
        List<String> names =
                partitions.stream()
                        .limit(NAMED_PARTITIONS)
                        .map(p -> p.firstOr("PartitionName", "?"))
                        .toList();
        int more = partitions.size() - names.size();
        return String.join(", ", names) + (more > 0 ? " and " + more + " more" : "");
    }
}
