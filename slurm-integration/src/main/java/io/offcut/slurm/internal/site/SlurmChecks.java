package io.offcut.slurm.internal.site;

import static io.offcut.slurm.SiteFinding.change;
import static io.offcut.slurm.SiteFinding.note;
import static io.offcut.slurm.SiteFinding.ok;

import io.offcut.slurm.SiteFinding;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Is there a Slurm, which one, does it answer, and may it be believed? */
final class SlurmChecks {
    private static final Pattern RELEASE = Pattern.compile("\\b(\\d{2}\\.\\d{2})\\b");
    private static final String OLDEST = "20.11";
    private static final String NEWEST = "25.05";
    private static final String CONTROLLER = "controller";

    private SlurmChecks() {}

    static List<SiteFinding> of(SiteFacts facts, ConfigTable config) {
        List<SiteFinding> findings = new ArrayList<>();
        findings.add(commands(facts));
        if (facts.version().text() != null) {
            findings.add(controller(facts.config(), config));
        }
        if (facts.config().text() != null) {
            findings.add(authentication(config));
            findings.add(privateData(config));
        }
        return findings;
    }

    private static SiteFinding commands(SiteFacts facts) {
        String check = "Slurm's commands";
        String text = facts.version().text();
        if (text == null) {
            return change(
                    check,
                    facts.installed() ? facts.version().why() : "not installed",
                    facts.installed()
                            ? "set SLURM_CONF to the cluster's slurm.conf, or give --slurm-conf:"
                                    + " its commands do not work without"
                            : "install Slurm's client commands on this machine: scheduler and node"
                                    + " daemon ask Slurm by them for jobs and drained nodes");
        }
        String release = release(text);
        boolean known = release.compareTo(OLDEST) >= 0 && release.compareTo(NEWEST) <= 0;
        return known
                ? ok(check, text.strip())
                : note(
                        check,
                        text.strip(),
                        "Offcut was written for Slurm "
                                + OLDEST
                                + " to "
                                + NEWEST
                                + ": try it on one node first, records may look otherwise in this"
                                + " one");
    }

    /** Year and month of a version, which is what Slurm's formats depend on; or nothing. */
    static String release(@Nullable String version) {
        Matcher matcher = RELEASE.matcher(version == null ? "" : version);
        return matcher.find() ? matcher.group(1) : "";
    }

    private static SiteFinding controller(Reading reading, ConfigTable config) {
        if (reading.text() == null) {
            return change(
                    CONTROLLER,
                    reading.why(),
                    "start slurmctld, or set SLURM_CONF to the cluster's slurm.conf, and run this"
                            + " again: its configuration could not be looked at");
        }
        return ok(
                CONTROLLER,
                "cluster " + config.get("ClusterName") + ", " + config.get("SLURM_VERSION"));
    }

    private static SiteFinding authentication(ConfigTable config) {
        String type = config.get("AuthType");
        return List.of("auth/munge", "auth/slurm").contains(type)
                ? ok("AuthType", type)
                : change(
                        "AuthType",
                        type,
                        "set AuthType=auth/munge in slurm.conf: without it anybody may act as"
                                + " another user, and whose job a node's cores belong to is not"
                                + " certain");
    }

    private static SiteFinding privateData(ConfigTable config) {
        List<String> hidden =
                config.words("PrivateData").stream()
                        .filter(List.of("jobs", "nodes")::contains)
                        .toList();
        return hidden.isEmpty()
                ? ok("PrivateData", "jobs and nodes are shown to all")
                : note(
                        "PrivateData",
                        String.join(",", hidden),
                        "run the scheduler as root, as SlurmUser or as a Slurm operator: others do"
                                + " not see the jobs and nodes it plans with");
    }
}
