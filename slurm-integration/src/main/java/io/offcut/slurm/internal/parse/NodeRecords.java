package io.offcut.slurm.internal.parse;

import io.offcut.slurm.SlurmNode;
import io.offcut.slurm.SlurmNode.State;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code scontrol show node -o}. Pure and lenient: unknown fields are passed over, missing
 * ones have neutral values. Only administrators write free text into these records.
 */
public final class NodeRecords {
    /** One-letter suffixes of a state (sinfo(1), "NODE STATE CODES"), and the flags they mean. */
    private static final String SUFFIXES = "*~#!%$@^-";

    private static final List<String> SUFFIX_FLAGS =
            List.of(
                    "NOT_RESPONDING",
                    "POWERED_DOWN",
                    "POWERING_UP",
                    "POWER_DOWN",
                    "POWERING_DOWN",
                    "MAINT",
                    "REBOOT_REQUESTED",
                    "REBOOT_ISSUED",
                    "PLANNED");

    private NodeRecords() {}

    /** Reads one line; null if it does not begin with a node's name. */
    public static @Nullable SlurmNode parseLine(String line) {
        if (!line.startsWith("NodeName=")) {
            return null;
        }
        FieldLine fields = FieldLine.parse(line);
        String name = fields.firstOr("NodeName", "");
        if (name.isBlank() || name.length() > 255) {
            return null;
        }
        Set<String> flags = new HashSet<>();
        State state = readState(fields.firstOr("State", ""), flags);
        return new SlurmNode(
                name,
                state,
                flags,
                SlurmText.number(fields.first("CPUTot"), 0),
                SlurmText.memoryBytes(fields.first("RealMemory")),
                SlurmText.number(fields.first("CPUAlloc"), 0),
                SlurmText.memoryBytes(fields.first("AllocMem")),
                Arrays.stream(fields.firstOr("Partitions", "").split(",", -1))
                        .filter(p -> !p.isBlank() && !p.equals("(null)"))
                        .toList(),
                readReason(line),
                Gres.gpuCount(fields.first("Gres")));
    }

    private static State readState(String text, Set<String> flags) {
        State state = State.UNKNOWN;
        boolean base = true;
        for (String part : text.split("[+,]", -1)) {
            String word = stripSuffixes(SlurmText.upper(part.strip()), flags);
            if (base) {
                state = baseState(word);
            } else if (!word.isEmpty()) {
                flags.add(word);
            }
            base = false;
        }
        return state;
    }

    private static String stripSuffixes(String word, Set<String> flags) {
        int end = word.length();
        while (end > 0 && SUFFIXES.indexOf(word.charAt(end - 1)) >= 0) {
            flags.add(SUFFIX_FLAGS.get(SUFFIXES.indexOf(word.charAt(end - 1))));
            end--;
        }
        return word.substring(0, end);
    }

    private static State baseState(String word) {
        for (State state : State.values()) {
            if (state.name().equals(word)) {
                return state;
            }
        }
        return State.UNKNOWN;
    }

    /** The reason is free text behind all of Slurm's own fields, save Comment and Extra. */
    private static String readReason(String line) {
        int start = line.indexOf(" Reason=");
        if (start < 0) {
            return "";
        }
        String rest = line.substring(start + " Reason=".length());
        for (String next : List.of(" Comment=", " Extra=", " InstanceId=", " InstanceType=")) {
            int at = rest.indexOf(next);
            rest = at < 0 ? rest : rest.substring(0, at);
        }
        return SlurmText.free(rest.strip());
    }
}
