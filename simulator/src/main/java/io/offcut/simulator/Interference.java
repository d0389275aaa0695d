package io.offcut.simulator;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What functions and jobs on one node do to each other, by class. A job is slowed as soon as any
 * function is on any of its nodes, as tightly coupled jobs are by their slowest part, and by no
 * more for more of them: in the measured table one rank slowed as much as eight.
 *
 * @param defaultJobClass of jobs that no rule names
 * @param rules the first that fits gives a job its class
 * @param pairs what is known; where nothing is, nobody is slowed
 */
public record Interference(String defaultJobClass, List<Rule> rules, List<Pair> pairs) {
    /** Class of functions that stay in their caches: NAS EP. */
    public static final String COMPUTE = "compute";

    /** Class of functions that are bound by memory: NAS CG and MG. */
    public static final String MEMORY = "memory";

    /** Class of whole small solvers: NAS BT and LU. */
    public static final String SOLVER = "solver";

    private static final String ANY = "*";

    /** Jobs and functions do not touch each other. */
    public static final Interference NONE = new Interference(ANY, List.of(), List.of());

    /**
     * Means over what was measured of MILC, 64 ranks on two nodes of Piz Daint, beside NAS kernels
     * on the spare cores (Copik et al., "Software Resource Disaggregation for HPC with Serverless
     * Computing", IPDPS 2024, artifact). One application stands for all jobs: that is all there is.
     */
    public static final Interference MEASURED =
            new Interference(
                    ANY,
                    List.of(),
                    List.of(
                            new Pair(ANY, COMPUTE, 1047, 1282),
                            new Pair(ANY, MEMORY, 1084, 1541),
                            new Pair(ANY, SOLVER, 1054, 1683)));

    /** Jobs with this value in this field are of this class. */
    public record Rule(SwfField field, long value, String jobClass) {}

    /**
     * A job and a function side by side.
     *
     * @param jobClass {@code *} for every job that has no pair of its own
     * @param jobPermille run time of the job, in thousandths of that without the function
     * @param functionPermille the same of the function
     */
    public record Pair(
            String jobClass, String functionClass, int jobPermille, int functionPermille) {
        public Pair {
            if (jobPermille < 1000
                    || functionPermille < 1000
                    || jobPermille > 100_000
                    || functionPermille > 100_000) {
                throw new IllegalArgumentException(
                        "a slowdown is 1 to 100; got "
                                + jobPermille / 1e3
                                + " and "
                                + functionPermille / 1e3);
            }
        }
    }

    public Interference {
        rules = List.copyOf(rules);
        pairs = List.copyOf(pairs);
    }

    /** Class of a job of a log. */
    public String jobClass(JobTable table, int row) {
        for (Rule rule : rules) {
            if (table.value(row, rule.field) == rule.value) {
                return rule.jobClass;
            }
        }
        return defaultJobClass;
    }

    /** Whether it says anything of functions of this class, or nothing of any. */
    public boolean knowsFunctions(String functionClass) {
        return pairs.isEmpty()
                || pairs.stream().anyMatch(pair -> pair.functionClass.equals(functionClass));
    }

    /** What is known of two classes; a pair without slowdown when nothing is. */
    public Pair pair(String jobClass, String functionClass) {
        Pair found = new Pair(jobClass, functionClass, 1000, 1000);
        for (Pair pair : pairs) {
            if (pair.functionClass.equals(functionClass)) {
                if (pair.jobClass.equals(jobClass)) {
                    return pair;
                }
                if (pair.jobClass.equals(ANY)) {
                    found = pair;
                }
            }
        }
        return found;
    }

    /**
     * Reads a table of lines: {@code job FIELD VALUE CLASS} or {@code job default CLASS}, where
     * FIELD is a field of the Standard Workload Format as {@link SwfField} names it ({@code queue},
     * {@code executable}), and {@code pair JOB-CLASS FUNCTION-CLASS JOB-SLOWDOWN
     * FUNCTION-SLOWDOWN}. {@code #} begins a comment.
     *
     * @param name of the file, for errors
     * @throws OffcutException {@link ErrorCode#INVALID_INPUT} if a line is none of these
     */
    public static Interference parse(String name, String text) {
        String jobClass = ANY;
        List<Rule> rules = new ArrayList<>();
        List<Pair> pairs = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            String content = line.replaceFirst("#.*", "").strip();
            String[] words = content.split("\\s+");
            try {
                switch (words[0]) {
                    case "" -> {}
                    case "job" -> {
                        if (words.length == 3 && words[1].equals("default")) {
                            jobClass = words[2];
                        } else {
                            rules.add(rule(words));
                        }
                    }
                    case "pair" -> pairs.add(pair(words));
                    default -> throw new IllegalArgumentException("no line begins so");
                }
            } catch (IllegalArgumentException e) {
                throw new OffcutException(
                        ErrorCode.INVALID_INPUT,
                        name
                                + ":"
                                + number
                                + ": '"
                                + content
                                + "' is no 'job FIELD VALUE CLASS', 'job default CLASS' or 'pair"
                                + " JOB FUNCTION JOB-SLOWDOWN FUNCTION-SLOWDOWN' ("
                                + e.getMessage()
                                + ")",
                        e);
            }
        }
        return new Interference(jobClass, rules, pairs);
    }

    private static Pair pair(String[] words) {
        if (words.length < 5) {
            throw new IllegalArgumentException("it is too short");
        }
        return new Pair(words[1], words[2], permille(words[3]), permille(words[4]));
    }

    private static Rule rule(String[] words) {
        if (words.length < 4) {
            throw new IllegalArgumentException("it is too short");
        }
        String field = words[1].toUpperCase(Locale.ROOT).replace('-', '_');
        SwfField known =
                Arrays.stream(SwfField.values())
                        .filter(each -> each.name().equals(field))
                        .findFirst()
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        words[1] + " is no field of a job, as user or queue"));
        if (!words[2].matches("-?[0-9]{1,18}")) {
            throw new IllegalArgumentException(words[2] + " is not a whole number");
        }
        return new Rule(known, Long.parseLong(words[2]), words[3]);
    }

    private static int permille(String text) {
        if (!text.matches("[0-9]{1,6}(\\.[0-9]{1,3}0*)?")) {
            throw new IllegalArgumentException(text + " is not a number of at most three decimals");
        }
        return new BigDecimal(text).movePointRight(3).intValueExact();
    }
}
