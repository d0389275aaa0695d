package io.offcut.traces;

import java.io.InputStream;

/** The logs that ship with this module. All are generated, none is from a real machine. */
public final class SampleTraces {
    /** Seed of {@link #sample256()}, made from {@link JobTraceModel#SAMPLE_256}. */
    public static final long SAMPLE_256_SEED = 1;

    /** Name of the resource behind {@link #sample256()}. */
    public static final String SAMPLE_256_RESOURCE = "sample-256.swf";

    private SampleTraces() {}

    /** 2,000 jobs on 16 nodes of 16 cores; the waits are unknown. */
    public static SwfLog sample256() {
        try (SwfReader reader = new SwfReader(open(), SAMPLE_256_RESOURCE)) {
            return reader.readAll();
        }
    }

    static InputStream open() {
        InputStream stream = SampleTraces.class.getResourceAsStream(SAMPLE_256_RESOURCE);
        if (stream == null) {
            throw new IllegalStateException("the resource " + SAMPLE_256_RESOURCE + " is missing");
        }
        return stream;
    }
}
