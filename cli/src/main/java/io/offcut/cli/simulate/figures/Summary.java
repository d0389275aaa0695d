package io.offcut.cli.simulate.figures;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.client.config.ConfigShape;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A {@code summary.json} taken apart by the paths of its values, such as {@code
 * batch.meanWaitSeconds}; those of short lists have the name of their policy there, or a number;
 * longer lists are left out.
 *
 * @param figures what came out, numbers
 * @param settings what was simulated, and whatever else is no number
 */
public record Summary(Map<String, Double> figures, Map<String, String> settings) {
    /** Section that a sweep adds to say where a result belongs. */
    public static final String SWEEP = "sweep";

    private static final int MOST_HINTS = 3;

    /** Such as some policies side by side; not the steps of a distribution. */
    private static final int LONGEST_LIST = 8;

    /** By which the values of a list are known where they have it; another list, another order. */
    private static final String POLICY = "policy";

    /** Sections whose numbers went in. */
    private static final Set<String> CONFIGURATION =
            Set.of("run", "cluster", "batchSystem", "functionModel", "seed", "config", "options");

    /** Within results of a policy: what it was. */
    private static final String MODEL = "model";

    /** Not compared: the rows of the latter have a name, and not one place in all results. */
    private static final Set<String> LEFT_OUT = Set.of(SWEEP, "partitions", "queues");

    /** Takes the document apart, in its order. */
    public static Summary of(JsonNode document) {
        Summary summary = new Summary(new LinkedHashMap<>(), new LinkedHashMap<>());
        document.properties()
                .forEach(section -> {
                    if (!LEFT_OUT.contains(section.getKey())) {
                        boolean configuration = CONFIGURATION.contains(section.getKey());
                        summary.add(section.getKey(), section.getValue(), configuration);
                    }
                });
        return summary;
    }

    /** Which figures were probably meant by a name that is none, to be added to a message. */
    public static String hint(Collection<String> known, String unknown) {
        String wanted = unknown.replace("…", "").toLowerCase(Locale.ROOT);
        List<String> alike =
                known.stream()
                        .filter(name -> name.toLowerCase(Locale.ROOT).contains(wanted))
                        .limit(MOST_HINTS)
                        .toList();
        Optional<String> nearest = ConfigShape.nearest(known, unknown);
        if (!alike.isEmpty() || nearest.isPresent()) {
            return ": did you mean "
                    + (alike.isEmpty() ? nearest.orElse("") : String.join(" or ", alike))
                    + "?";
        }
        return ": names are paths in summary.json, as batch.meanWaitSeconds; --format json has all";
    }

    private void add(String path, JsonNode value, boolean configuration) {
        if (value.isObject()) {
            value.properties()
                    .forEach(each ->
                            add(
                                    path + "." + each.getKey(),
                                    each.getValue(),
                                    configuration || each.getKey().equals(MODEL)));
        } else if (value.isArray() && value.size() <= LONGEST_LIST) {
            for (int i = 0; i < value.size(); i++) {
                String place = value.get(i).path(POLICY).asText(String.valueOf(i));
                add(path + "." + place, value.get(i), configuration);
            }
        } else if (value.isNumber() && !configuration) {
            figures.put(path, value.doubleValue());
        } else if (value.isValueNode() && !value.isNull()) {
            settings.put(path, value.asText());
        }
    }
}
