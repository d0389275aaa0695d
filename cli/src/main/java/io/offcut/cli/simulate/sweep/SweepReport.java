package io.offcut.cli.simulate.sweep;

import io.offcut.cli.simulate.figures.Interval;
import io.offcut.cli.simulate.figures.ResultJson;
import io.offcut.cli.simulate.figures.Summary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What all runs of a sweep found: each figure at each point, and how it differs from the first. */
final class SweepReport {
    private final SweepPlan plan;
    private final int replications;

    /** By number of the run. */
    private final List<Map<String, Double>> runs;

    private final Set<String> figures = new LinkedHashSet<>();

    private SweepReport(SweepPlan plan, int replications, List<Map<String, Double>> runs) {
        this.plan = plan;
        this.replications = replications;
        this.runs = runs;
        runs.forEach(run -> figures.addAll(run.keySet()));
    }

    /** Of a folder in which all runs are done. */
    static SweepReport of(SweepFolder folder, int replications) {
        List<Map<String, Double>> runs =
                IntStream.range(0, folder.plan().points() * replications)
                        .mapToObj(run -> Summary.of(folder.result(run)).figures())
                        .toList();
        return new SweepReport(folder.plan(), replications, runs);
    }

    SweepPlan plan() {
        return plan;
    }

    int replications() {
        return replications;
    }

    Set<String> figures() {
        return figures;
    }

    /** A figure at a point; null if it has none. */
    @Nullable Interval at(int point, String figure) {
        return interval(valuesAt(point, figure));
    }

    /**
     * How much more a figure is at a point than at the first: of the differences within each
     * replication, which have the same seed. Null if one of the points has none.
     */
    @Nullable Interval difference(int point, String figure) {
        @Nullable Double[] here = valuesAt(point, figure);
        @Nullable Double[] first = valuesAt(0, figure);
        @Nullable Double[] differences = new Double[replications];
        for (int k = 0; k < replications; k++) {
            Double from = first[k];
            Double to = here[k];
            differences[k] = from == null || to == null ? null : to - from;
        }
        return interval(differences);
    }

    /** Whether a figure is not the same in all runs; true of a single run. */
    boolean varies(String figure) {
        Double first = runs.getFirst().get(figure);
        return runs.size() == 1
                || runs.stream().anyMatch(run -> !Objects.equals(first, run.get(figure)));
    }

    private @Nullable Double[] valuesAt(int point, String figure) {
        @Nullable Double[] values = new Double[replications];
        for (int k = 0; k < replications; k++) {
            values[k] = runs.get(k * plan.points() + point).get(figure);
        }
        return values;
    }

    private static @Nullable Interval interval(@Nullable Double[] values) {
        double[] known = new double[values.length];
        int count = 0;
        for (Double value : values) {
            if (value != null) {
                known[count++] = value;
            }
        }
        return count == 0 ? null : Interval.of(Arrays.copyOf(known, count));
    }

    /** Whether replications of a point differ in anything; false of a single one. */
    boolean dependsOnSeed(int point) {
        return IntStream.range(1, replications)
                .anyMatch(
                        k -> !Objects.equals(runs.get(point), runs.get(k * plan.points() + point)));
    }

    /** One row for each run, in the order of points. */
    String csv() {
        StringBuilder csv = new StringBuilder();
        List<String> head = new ArrayList<>(List.of("point", "replication", "seed"));
        plan.vary().forEach(axis -> head.add(axis.name()));
        head.addAll(figures);
        addLine(csv, head);
        for (int point = 0; point < plan.points(); point++) {
            for (int k = 0; k < replications; k++) {
                addLine(csv, row(point, k));
            }
        }
        return csv.toString();
    }

    private List<String> row(int point, int replication) {
        List<String> row = new ArrayList<>();
        row.add(String.valueOf(point));
        row.add(String.valueOf(replication));
        row.add(String.valueOf(plan.seed(replication)));
        row.addAll(values(point));
        Map<String, Double> run = runs.get(replication * plan.points() + point);
        for (String figure : figures) {
            Double value = run.get(figure);
            row.add(value == null ? "" : ResultJson.number(value).toPlainString());
        }
        return row;
    }

    /** What is particular to a point. */
    List<String> values(int point) {
        int[] numbers = plan.values(point);
        List<String> values = new ArrayList<>();
        for (int i = 0; i < numbers.length; i++) {
            values.add(plan.vary().get(i).values().get(numbers[i]));
        }
        return values;
    }

    /** Quotes by RFC 4180 where they are needed. */
    private static void addLine(StringBuilder csv, List<String> cells) {
        csv.append(
                        String.join(
                                ",",
                                cells.stream()
                                        .map(cell ->
                                                cell.matches("[^,\"\\r\\n]*")
                                                        ? cell
                                                        : '"' + cell.replace("\"", "\"\"") + '"')
                                        .toList()))
                .append('\n');
    }

    /** For scripts. */
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("arguments", plan.arguments());
        json.put("vary", plan.vary());
        json.put("replications", replications);
        json.put("seeds", IntStream.range(0, replications).mapToObj(plan::seed).toList());
        json.put("confidence", Interval.CONFIDENCE);
        json.put("points", IntStream.range(0, plan.points()).mapToObj(this::point).toList());
        return json;
    }

    private Map<String, Object> point(int point) {
        Map<String, Object> options = new LinkedHashMap<>();
        List<String> values = values(point);
        for (int i = 0; i < values.size(); i++) {
            options.put(plan.vary().get(i).name(), values.get(i));
        }
        Map<String, Object> found = new LinkedHashMap<>();
        for (String figure : figures) {
            Interval here = at(point, figure);
            Interval difference = difference(point, figure);
            if (here != null) {
                Map<String, Object> both = here.json();
                if (difference != null) {
                    both.put("toFirst", difference.json());
                }
                found.put(figure, both);
            }
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("point", point);
        json.put("options", options);
        if (replications > 1) {
            json.put("dependsOnSeed", dependsOnSeed(point));
        }
        json.put("figures", found);
        return json;
    }
}
