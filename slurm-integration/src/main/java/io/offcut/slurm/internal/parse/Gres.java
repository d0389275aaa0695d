package io.offcut.slurm.internal.parse;

import io.offcut.core.CpuSet;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Generic resources as Slurm prints them, of which only GPUs are read (gres.conf(5)): of a node
 * {@code gpu:4} or {@code gpu:a100:2(S:0-1),gpu:k80:2}, of a job {@code gpu:a100:2(IDX:0-1)}. Pure
 * and lenient: what is not of this form is no GPU.
 */
final class Gres {
    private static final int MAX_GPUS = 1024;
    private static final CpuSet ALL = CpuSet.range(0, MAX_GPUS - 1);

    private Gres() {}

    /** How many GPUs a node has. */
    static int gpuCount(@Nullable String text) {
        long count = gpuParts(text).stream().mapToLong(Gres::count).sum();
        return (int) Math.min(MAX_GPUS, count);
    }

    private static int count(String part) {
        int bracket = part.indexOf('(');
        String plain = bracket < 0 ? part : part.substring(0, bracket);
        return SlurmText.number(plain.substring(plain.lastIndexOf(':') + 1), 0);
    }

    /** The indices of a job's GPUs; every possible one when it has some and Slurm does not say. */
    static CpuSet gpuIndices(@Nullable String text) {
        CpuSet indices = CpuSet.empty();
        for (String part : gpuParts(text)) {
            int start = part.indexOf("(IDX:");
            int end = part.indexOf(')', start + 1);
            try {
                CpuSet named =
                        start < 0 || end < start
                                ? CpuSet.empty()
                                : CpuSet.parse(part.substring(start + "(IDX:".length(), end));
                indices = indices.plus(named.size() < count(part) ? ALL : named);
            } catch (IllegalArgumentException e) {
                indices = ALL;
            }
        }
        return indices;
    }

    /** Cut at commas, but not at those inside brackets: {@code (IDX:0,2)}. */
    private static List<String> gpuParts(@Nullable String text) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        String list = text == null ? "" : text;
        for (int i = 0; i <= list.length(); i++) {
            char c = i < list.length() ? list.charAt(i) : ',';
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == ',' && (depth <= 0 || i == list.length())) {
                String part = list.substring(start, i).strip();
                if (part.startsWith("gpu:") || part.startsWith("gpu(")) {
                    parts.add(part);
                }
                start = i + 1;
            }
        }
        return parts;
    }
}
