package io.offcut.linux;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A kernel file that is read again and again: opened once, which costs several times as much as
 * reading. Of a group that was removed the kernel gives nothing more, and removing it does not wait
 * for us; one made anew under the same name is found. For one thread.
 */
public final class KeptFile implements AutoCloseable {
    private static final int MAX_PAUSE = 64;

    private final @Nullable Path path;
    private @Nullable FileChannel file;
    private int misses;
    private int pause;

    /**
     * Opens nothing yet.
     *
     * @param path null for a file that is never there
     */
    public KeptFile(@Nullable Path path) {
        this.path = path;
    }

    /** Reads it anew; false, and an empty text, when it is not there. */
    public boolean read(KernelText into) {
        if (file != null && tryRead(file, into)) {
            return true;
        }
        close();
        file = open();
        if (file != null && tryRead(file, into)) {
            return true;
        }
        into.clear();
        return false;
    }

    private static boolean tryRead(FileChannel from, KernelText into) {
        try {
            into.fill(from);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** A file that is missing is looked for ever more rarely: not every kernel has each. */
    private @Nullable FileChannel open() {
        if (path == null || pause > 0) {
            pause--;
            return null;
        }
        try {
            FileChannel opened = FileChannel.open(path, StandardOpenOption.READ);
            misses = 0;
            return opened;
        } catch (IOException e) {
            pause = Math.min(MAX_PAUSE, 1 << Math.min(misses, 6)) - 1;
            misses++;
            return null;
        }
    }

    @Override
    public void close() {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            // It was only read.
        }
        file = null;
    }
}
