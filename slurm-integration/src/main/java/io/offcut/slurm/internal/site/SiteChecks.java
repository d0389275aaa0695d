package io.offcut.slurm.internal.site;

import io.offcut.slurm.SiteFinding;
import java.util.ArrayList;
import java.util.List;

/**
 * Judges a site: facts in, findings out. Pure. Each check asks what breaks for Offcut when it is
 * wrong; what breaks nothing is not checked.
 */
public final class SiteChecks {
    private SiteChecks() {}

    /** All findings, in the order in which they are best mended. */
    public static List<SiteFinding> of(SiteFacts facts) {
        List<SiteFinding> findings = new ArrayList<>();
        ConfigTable config = ConfigTable.ofOutput(facts.config().text());
        findings.addAll(SlurmChecks.of(facts, config));
        if (facts.config().text() != null) {
            findings.addAll(ConfinementChecks.of(config, facts.cgroupConf()));
            findings.addAll(AccountChecks.of(config, facts.partitions()));
        }
        findings.addAll(PluginChecks.of(facts, slurmVersion(facts, config)));
        findings.addAll(NodeChecks.of(facts, config));
        return List.copyOf(findings);
    }

    /** The Slurm of this machine, as {@code 22.05}; empty if it is not known. */
    private static String slurmVersion(SiteFacts facts, ConfigTable config) {
        String here = SlurmChecks.release(facts.version().text());
        return here.isEmpty() ? SlurmChecks.release(config.get("SLURM_VERSION")) : here;
    }
}
