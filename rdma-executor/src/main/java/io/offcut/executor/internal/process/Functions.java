package io.offcut.executor.internal.process;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.executor.ExecutorSpec;
import io.offcut.executor.internal.function.BundleFiles;
import io.offcut.executor.internal.function.FunctionTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The functions of an executor, a table for each worker. What they have loaded stays loaded for the
 * leases after the first: those of the same bundle, in the same scratch folder, which functions may
 * have taken note of.
 */
final class Functions {
    private final ExecutorSpec first;
    private final BundleFiles bundle;
    private final List<FunctionTable> tables = new ArrayList<>();

    Functions(ExecutorSpec first) {
        this.first = first;
        this.bundle = new BundleFiles(Path.of(first.bundleDir()));
    }

    /** Those of the worker with this index. One worker at a time has them. */
    FunctionTable of(int worker) {
        while (tables.size() <= worker) {
            Path folder = Path.of(first.scratchDir()).resolve("worker-" + tables.size());
            tables.add(new FunctionTable(first.functions(), bundle, folder));
        }
        return tables.get(worker);
    }

    /**
     * Checks that a lease may have them.
     *
     * @throws OffcutException if it is of another bundle or folder
     */
    void requireOf(ExecutorSpec spec) {
        if (!spec.bundleDir().equals(first.bundleDir())
                || !spec.functions().equals(first.functions())
                || !spec.scratchDir().equals(first.scratchDir())) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "this process has the functions of " + first + ", not of " + spec);
        }
    }
}
