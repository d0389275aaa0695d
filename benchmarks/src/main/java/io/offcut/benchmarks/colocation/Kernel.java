package io.offcut.benchmarks.colocation;

/** A kernel of HPCC, and what a job that consists of it may lose. */
enum Kernel {
    STREAM("STREAM", "GB/s", 0.03),
    FFT("FFT", "Gflop/s", 0.03),
    DGEMM("DGEMM", "Gflop/s", 0.01);

    final String label;
    final String unit;
    final double bound;

    Kernel(String label, String unit, double bound) {
        this.label = label;
        this.unit = unit;
        this.bound = bound;
    }
}
