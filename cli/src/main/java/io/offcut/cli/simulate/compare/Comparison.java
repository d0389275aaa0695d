package io.offcut.cli.simulate.compare;

import io.offcut.cli.simulate.figures.Interval;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that two results differ in.
 *
 * @param settings that differ, each with its two values
 * @param figures all, whether they differ or not
 * @param jobs null if they are not known
 */
record Comparison(
        Map<String, List<String>> settings,
        List<FigureComparison> figures,
        @Nullable JobComparison jobs) {
    /** For scripts. */
    Map<String, Object> json(Path a, Path b) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("a", a.toString());
        json.put("b", b.toString());
        json.put("settings", settings);
        json.put("figures", figures.stream().map(FigureComparison::json).toList());
        json.put("confidence", Interval.CONFIDENCE);
        if (jobs != null) {
            json.put("jobs", jobs.json());
        }
        return json;
    }
}
