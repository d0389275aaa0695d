package io.offcut.linux;

import io.offcut.core.CpuSet;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * From the CPU numbers a node is said to have (logical) to those of the machine (real). Normally
 * each is itself. Test clusters pretend to more CPUs than there are, so several logical ones share
 * a real one.
 *
 * <p>Immutable.
 */
public final class CpuMap {
    private static final CpuMap IDENTITY = new CpuMap(Map.of());

    private final Map<Integer, Integer> realByLogical;

    private CpuMap(Map<Integer, Integer> realByLogical) {
        this.realByLogical = Map.copyOf(realByLogical);
    }

    /** Each CPU is itself. */
    public static CpuMap identity() {
        return IDENTITY;
    }

    /** Spreads the logical CPUs over the real ones in turn. */
    public static CpuMap fold(CpuSet logical, CpuSet real) {
        if (real.isEmpty()) {
            throw new IllegalArgumentException("no real CPU for the CPUs '" + logical + "'");
        }
        int[] targets = real.toArray();
        Map<Integer, Integer> map = new HashMap<>();
        logical.stream().forEach(cpu -> map.put(cpu, targets[map.size() % targets.length]));
        return new CpuMap(map);
    }

    /**
     * Reads {@code 0-3=0;4-7=1}: lists of logical CPUs and the real one of each. Blank text is the
     * identity; a CPU that is not named is itself.
     *
     * @throws IllegalArgumentException if the text is not of this form or names a CPU twice
     */
    public static CpuMap parse(String text) {
        Map<Integer, Integer> map = new HashMap<>();
        for (String part : text.isBlank() ? new String[0] : text.split(";", -1)) {
            String[] sides = part.split("=", -1);
            int[] real = sides.length == 2 ? CpuSet.parse(sides[1]).toArray() : new int[0];
            if (real.length != 1) {
                throw new IllegalArgumentException(
                        "not a CPU map: '" + text + "' (expected for example 0-3=0;4-7=1)");
            }
            for (int cpu : CpuSet.parse(sides[0]).toArray()) {
                if (map.put(cpu, real[0]) != null) {
                    throw new IllegalArgumentException("CPU " + cpu + " is mapped twice: " + text);
                }
            }
        }
        return map.isEmpty() ? IDENTITY : new CpuMap(map);
    }

    /** The real CPU that stands for a logical one. */
    public int toReal(int logical) {
        return realByLogical.getOrDefault(logical, logical);
    }

    /** The real CPUs that stand for the logical ones. */
    public CpuSet toReal(CpuSet logical) {
        return realByLogical.isEmpty()
                ? logical
                : CpuSet.of(logical.stream().map(this::toReal).toArray());
    }

    public boolean isIdentity() {
        return realByLogical.isEmpty();
    }

    /** Whether another CPU of {@code among} has the same real one, so its load says little. */
    public boolean isShared(int logical, CpuSet among) {
        return !realByLogical.isEmpty()
                && among.stream()
                        .anyMatch(other -> other != logical && toReal(other) == toReal(logical));
    }

    /** The form that {@link #parse} reads; blank for the identity. */
    @Override
    public String toString() {
        return realByLogical.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(";"));
    }
}
