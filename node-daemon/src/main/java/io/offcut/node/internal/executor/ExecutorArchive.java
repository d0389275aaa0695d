package io.offcut.node.internal.executor;

import io.offcut.executor.ExecutorCommand;
import io.offcut.executor.ExecutorCommand.Program;
import io.offcut.node.internal.store.Folders;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The archive of an executor's classes, as they are when it has served a lease once (JEP 514):
 * starts with it take two thirds of the time and of the memory of their own. Made once for each
 * version of program and Java, by the daemon's own user, because executors trust it; where it
 * cannot be made they start without.
 *
 * <p>Safe for use by any thread.
 */
public final class ExecutorArchive {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorArchive.class);
    private static final String SUFFIX = ".aot";
    private static final long MAKE_SECONDS = 60;

    private final Path folder;
    private final Program program;
    private final UnaryOperator<List<String>> wrap;
    private volatile @Nullable Process making;
    private volatile boolean closed;
    private boolean tried;

    /**
     * Makes none yet.
     *
     * @param folder its own
     * @param wrap puts the command that makes it behind the jobs of this node
     */
    ExecutorArchive(Path folder, Path java, String classPath, UnaryOperator<List<String>> wrap) {
        this.folder = folder;
        this.wrap = wrap;
        // Java archives no class folders.
        boolean jars =
                Arrays.stream(classPath.split(File.pathSeparator, -1))
                        .noneMatch(entry -> Files.isDirectory(Path.of(entry)));
        Path file = folder.resolve(ExecutorClasses.stamp(classPath) + SUFFIX);
        this.program = new Program(java, classPath, jars ? file : null);
    }

    /**
     * Makes one in a folder, for daemons that are told of it, unless it is there. What else lies in
     * the folder stays: daemons of other versions may use it. Blocks for some seconds.
     *
     * @return whether there is one now
     */
    public static boolean makeIn(Path folder, Path java, String classPath) {
        ExecutorArchive archive = new ExecutorArchive(folder, java, classPath, line -> line);
        archive.require(false);
        return archive.isThere();
    }

    /** Whether executors can start from it now. */
    boolean isThere() {
        Path file = program.archive();
        return file != null && Files.exists(file);
    }

    /** What executors run. */
    Program program() {
        return program;
    }

    /** Makes it, unless it is there or that was tried. Blocks for as long as that takes. */
    void require() {
        require(true);
    }

    private synchronized void require(boolean alone) {
        Path file = program.archive();
        if (file == null || tried || closed || Files.exists(file)) {
            return;
        }
        tried = true;
        // One that a killed daemon began may still be written: nobody else's has this name.
        Path fresh = folder.resolve("new-" + ProcessHandle.current().pid() + SUFFIX);
        try {
            if (alone) {
                Folders.delete(folder);
            }
            Path ignored = Folders.make(folder, "rwxr-xr-x");
            make(fresh);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("r--r--r--"));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            LOG.debug("executors start from {}", file);
        } catch (IOException e) {
            LOG.info("executors start without an archive of classes: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the making of it. */
    void close() {
        closed = true;
        Process process = making;
        if (process != null) {
            end(process);
        }
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** The process that makes it; null when none does. Its load is nobody else's. */
    @Nullable Process making() {
        return making;
    }

    private void make(Path fresh) throws IOException, InterruptedException {
        Program archiving = new Program(program.java(), program.classPath(), fresh);
        Process process =
                new ProcessBuilder(wrap.apply(ExecutorCommand.archivingLine(archiving)))
                        .directory(folder.toFile())
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        making = process;
        try {
            if (closed) {
                throw new IOException("the daemon stops");
            }
            if (!process.waitFor(MAKE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("it was not made within " + MAKE_SECONDS + " s");
            }
        } finally {
            making = null;
            end(process);
        }
        if (process.exitValue() != 0 || !Files.exists(fresh)) {
            throw new IOException("Java, told to make one, ended with " + process.exitValue());
        }
    }
}
