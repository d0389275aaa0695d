package io.offcut.benchmarks.simulate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the time of one process went.
 *
 * @param seconds from its start to its end
 * @param parts what it told itself with {@code --times}, in seconds; {@code start} is the rest: the
 *     launcher, Java, the command line, the end. Empty where nothing was told
 */
record Profile(double seconds, Map<String, Double> parts) {
    private static final Pattern PART = Pattern.compile("(read|simulate|write|print) (\\d+) ms");

    static Profile of(ColdRuns.Ended ended) {
        Map<String, Double> parts = new LinkedHashMap<>();
        double rest = ended.seconds();
        Matcher part = PART.matcher(ended.output());
        while (part.find()) {
            double seconds = Integer.parseInt(part.group(2)) / 1e3;
            parts.put(part.group(1), seconds);
            rest -= seconds;
        }
        if (!parts.isEmpty()) {
            parts.put("start", rest);
        }
        return new Profile(ended.seconds(), parts);
    }
}
