package io.offcut.benchmarks.invoke;

import io.offcut.core.api.ChannelDescriptor;
import java.util.List;

/**
 * A few operations of each case by RDMA. {@link MemoryCasesTest} runs it on a machine with a
 * device.
 */
final class VerbsMemoryCasesInGuest {
    private VerbsMemoryCasesInGuest() {}

    public static void main(String[] arguments) throws Exception {
        MemoryCasesTest.assertMeasured(
                ChannelDescriptor.VERBS,
                MemoryCommand.measure(List.of(ChannelDescriptor.VERBS), new Effort(1, 2_000)));
        // Threads that a failed case left must not hold up the end.
        System.exit(0);
    }
}
