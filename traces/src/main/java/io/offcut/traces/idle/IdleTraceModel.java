package io.offcut.traces.idle;

import io.offcut.traces.QuantileCurve;

/**
 * What synthetic samples of idle nodes are to look like.
 *
 * @param lengths seconds that a node stays idle
 * @param nodes of the machine, at least 1
 * @param meanIdleNodes idle at a time on average, above 0 and below {@code nodes}
 * @param periodSeconds between two samples, at least 1
 * @param samples how many, at least 2
 * @param unixStartSeconds time of the first
 */
public record IdleTraceModel(
        QuantileCurve lengths,
        int nodes,
        double meanIdleNodes,
        int periodSeconds,
        int samples,
        long unixStartSeconds) {
    /**
     * Prometheus, Cyfronet, 17 March 2022, sampled every ten seconds. Percentiles 10, 25, 50, 75,
     * 90 and the shares below one and five minutes are those of the record published with
     * Przybylski et al., "Using Unused: Non-Invasive Dynamic FaaS Infrastructure with HPC-Whisk",
     * SC 2022. The longest interval is chosen so that those under a minute have the share of all
     * idle time that they have there.
     */
    public static final QuantileCurve PROMETHEUS =
            QuantileCurve.of(
                    0, 10, 0.10, 21, 0.25, 53, 0.26, 60, 0.50, 129, 0.69, 300, 0.75, 489, 0.90,
                    1910, 1, 11_500);

    /**
     * Piz Daint, CSCS: a median of 300 to 401 s, 70 to 80 % under ten minutes and 92 to 94 % under
     * thirty, as Copik et al. print in "Software Resource Disaggregation for HPC with Serverless
     * Computing", IPDPS 2024; the middle of each is taken. They do not print the shortest and the
     * longest: half a minute and four hours are assumptions.
     */
    public static final QuantileCurve PIZ_DAINT =
            QuantileCurve.of(0, 30, 0.50, 350, 0.75, 600, 0.93, 1800, 1, 14_400);

    public IdleTraceModel {
        if (nodes < 1
                || !(meanIdleNodes > 0 && meanIdleNodes < nodes)
                || periodSeconds < 1
                || samples < 2) {
            throw new IllegalArgumentException(
                    "samples of idle nodes need at least 1 node, an idle number above 0 and below"
                            + " that of nodes, a second between samples and 2 samples; got "
                            + nodes
                            + " nodes, "
                            + meanIdleNodes
                            + " idle, "
                            + periodSeconds
                            + " s, "
                            + samples
                            + " samples");
        }
    }
}
