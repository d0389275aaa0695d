package io.offcut.slurm.internal.cluster;

import java.io.IOException;
import java.nio.file.Path;

/** Lets tests of other packages remove a tree. */
public final class ClusterFilesAccess {
    private ClusterFilesAccess() {}

    public static void delete(Path tree) throws IOException {
        ClusterFiles.delete(tree);
    }
}
