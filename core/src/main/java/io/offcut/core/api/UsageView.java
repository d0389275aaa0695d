package io.offcut.core.api;

/** What one user has used since accounting began. */
public record UsageView(
        String user,
        long leases,
        long invocations,
        long coreMillis,
        long cpuMicros,
        long leasesReclaimed) {}
