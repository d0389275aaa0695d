package io.offcut.linux;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the CPU time of a process's threads again and again: their files stay open. For one thread;
 * close it when the process is gone.
 */
public final class ThreadMeter implements AutoCloseable {
    private static final int MAX_THREADS = 4096;

    private final Path tasks;
    private final KernelText text;
    private Map<String, KeptFile> files = new HashMap<>();

    /**
     * @param proc the /proc to read
     * @param text where what was read is held meanwhile; may be that of other meters
     */
    public ThreadMeter(Path proc, long pid, KernelText text) {
        this.tasks = proc.resolve(Long.toString(pid)).resolve("task");
        this.text = text;
    }

    /** The threads there are now, at most {@value #MAX_THREADS}; none when the process is gone. */
    public List<ThreadCpu> read() {
        List<ThreadCpu> threads = new ArrayList<>();
        Map<String, KeptFile> present = new HashMap<>();
        for (String task : KernelFile.names(tasks)) {
            if (present.size() == MAX_THREADS) {
                break;
            }
            KeptFile stat = files.remove(task);
            stat = stat == null ? new KeptFile(tasks.resolve(task).resolve("stat")) : stat;
            present.put(task, stat);
            ThreadCpu thread = stat.read(text) ? ThreadCpu.parse(text) : null;
            if (thread != null) {
                threads.add(thread);
            }
        }
        close();
        files = present;
        return threads;
    }

    @Override
    public void close() {
        files.values().forEach(KeptFile::close);
        files.clear();
    }
}
