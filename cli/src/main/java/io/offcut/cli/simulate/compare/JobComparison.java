package io.offcut.cli.simulate.compare;

import io.offcut.cli.simulate.figures.ResultJson;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * What became of the same jobs in two results.
 *
 * @param earlier how many start earlier in the second
 * @param waitSeconds difference of the waits, second less first
 * @param slowdown difference of the bounded slowdowns
 * @param largest pairs whose waits differ most
 */
record JobComparison(
        JobPairs pairs,
        long earlier,
        long same,
        long later,
        BatchMeans waitSeconds,
        BatchMeans slowdown,
        List<Integer> largest) {
    private static final int LARGEST = 5;

    /** Of at least one pair. */
    static JobComparison of(JobPairs pairs) {
        long earlier = pairs(pairs).filter(pair -> pairs.laterSeconds(pair) < 0).count();
        long later = pairs(pairs).filter(pair -> pairs.laterSeconds(pair) > 0).count();
        return new JobComparison(
                pairs,
                earlier,
                pairs.size() - earlier - later,
                later,
                BatchMeans.of(pairs.size(), pairs::laterSeconds),
                BatchMeans.of(pairs.size(), pairs::slowdownDifference),
                largest(pairs));
    }

    private static IntStream pairs(JobPairs pairs) {
        return IntStream.range(0, pairs.size());
    }

    private static List<Integer> largest(JobPairs pairs) {
        Comparator<Integer> bySize =
                Comparator.<Integer>comparingDouble(pair -> Math.abs(pairs.laterSeconds(pair)))
                        .thenComparing(Comparator.reverseOrder());
        PriorityQueue<Integer> kept = new PriorityQueue<>(bySize);
        pairs(pairs)
                .filter(pair -> pairs.laterSeconds(pair) != 0)
                .forEach(pair -> {
                    kept.add(pair);
                    if (kept.size() > LARGEST) {
                        kept.remove();
                    }
                });
        return kept.stream().sorted(bySize.reversed()).toList();
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("both", pairs.size());
        json.put("onlyA", pairs.onlyA());
        json.put("onlyB", pairs.onlyB());
        json.put("earlier", earlier);
        json.put("same", same);
        json.put("later", later);
        json.put("waitSeconds", json(waitSeconds));
        json.put("boundedSlowdown", json(slowdown));
        List<Object> most = new ArrayList<>();
        for (int pair : largest) {
            Map<String, Object> job = new LinkedHashMap<>();
            job.put("job", pairs.job(pair));
            job.put("submit", ResultJson.number(pairs.submit(pair)));
            job.put("waitA", ResultJson.number(pairs.waitA(pair)));
            job.put("waitB", ResultJson.number(pairs.waitB(pair)));
            job.put("difference", ResultJson.number(pairs.laterSeconds(pair)));
            most.add(job);
        }
        json.put("largest", most);
        return json;
    }

    private static Map<String, Object> json(BatchMeans means) {
        Map<String, Object> json = means.interval().json();
        json.put("batches", means.batches());
        json.put("resemblance", ResultJson.number(means.resemblance()));
        return json;
    }
}
