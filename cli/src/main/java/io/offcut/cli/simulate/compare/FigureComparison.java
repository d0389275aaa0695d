package io.offcut.cli.simulate.compare;

import io.offcut.cli.simulate.figures.ResultJson;
import io.offcut.cli.simulate.figures.Summary;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A figure in two results.
 *
 * @param a null if the first has none
 * @param b null if the second has none
 */
record FigureComparison(String name, @Nullable Double a, @Nullable Double b) {
    /** All figures of either, in their order. */
    static List<FigureComparison> of(Summary first, Summary second) {
        Set<String> names = new LinkedHashSet<>(first.figures().keySet());
        names.addAll(second.figures().keySet());
        return names.stream()
                .map(name ->
                        new FigureComparison(
                                name, first.figures().get(name), second.figures().get(name)))
                .toList();
    }

    boolean isSame() {
        return Objects.equals(a, b);
    }

    @Nullable Double difference() {
        return a == null || b == null ? null : b - a;
    }

    /** Difference over the first, in percent; null if that is 0 and the other is not. */
    @Nullable Double percent() {
        Double difference = difference();
        if (difference == null || a == null) {
            return null;
        }
        if (difference == 0) {
            return 0.0;
        }
        return a == 0 ? null : 100 * difference / Math.abs(a);
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("figure", name);
        put(json, "a", a);
        put(json, "b", b);
        put(json, "difference", difference());
        put(json, "percent", percent());
        return json;
    }

    private static void put(Map<String, Object> json, String name, @Nullable Double value) {
        if (value != null) {
            json.put(name, ResultJson.number(value));
        }
    }
}
