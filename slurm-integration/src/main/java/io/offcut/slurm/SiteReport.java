package io.offcut.slurm;

import io.offcut.core.ErrorCode;
import java.util.List;
import java.util.Optional;

/**
 * What {@link SiteDoctor} says of a site.
 *
 * @param findings one for each check, in the order in which they are best mended
 */
public record SiteReport(List<SiteFinding> findings) {
    public SiteReport {
        findings = List.copyOf(findings);
    }

    /** {@code CONFLICT} when something must be changed; else nothing. */
    public Optional<ErrorCode> failure() {
        boolean change = findings.stream().anyMatch(f -> f.state() == SiteFinding.State.CHANGE);
        return change ? Optional.of(ErrorCode.CONFLICT) : Optional.empty();
    }
}
