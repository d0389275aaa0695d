package io.offcut.client;

/**
 * What is known of some equal tasks before they are run: what they cost here, what they cost
 * elsewhere, and the way there and back. Zero where nothing is known, unless it says otherwise.
 *
 * @param localNanos one task on one thread of this program; measured while running. Where nothing
 *     is known, one task of 64, or 2 ms of them, is computed here before anything is sent
 * @param remoteNanos one task on one worker; unknown means as long as here
 * @param latencyNanos round trip of an empty invocation
 * @param postNanos what handing over a task costs the thread that does it
 * @param inputBytes of one task
 * @param outputBytes of one task
 * @param inputBytesPerSecond to all workers together; zero means no limit
 * @param outputBytesPerSecond from all workers together; zero means no limit
 * @param workers that run tasks at once; zero means none, then nothing is sent
 * @param localThreads of this program that compute tasks, at least one
 */
public record OffloadModel(
        long localNanos,
        long remoteNanos,
        long latencyNanos,
        long postNanos,
        long inputBytes,
        long outputBytes,
        long inputBytesPerSecond,
        long outputBytesPerSecond,
        int workers,
        int localThreads) {
    /** What handing over a task is taken to cost until it was measured. */
    public static final long DEFAULT_POST_NANOS = 10_000;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    public OffloadModel {
        long least =
                Math.min(
                        Math.min(
                                Math.min(localNanos, remoteNanos),
                                Math.min(latencyNanos, postNanos)),
                        Math.min(
                                Math.min(inputBytes, outputBytes),
                                Math.min(inputBytesPerSecond, outputBytesPerSecond)));
        if (least < 0 || workers < 0 || localThreads < 1) {
            throw new IllegalArgumentException(
                    "a time, size or rate of "
                            + least
                            + ", "
                            + workers
                            + " workers, "
                            + localThreads
                            + " local threads");
        }
    }

    /** Nothing is known but how many workers and threads there are. */
    public static OffloadModel of(int workers, int localThreads) {
        return new OffloadModel(0, 0, 0, DEFAULT_POST_NANOS, 0, 0, 0, 0, workers, localThreads);
    }

    long inputNanos() {
        return transferNanos(inputBytes, inputBytesPerSecond);
    }

    long outputNanos() {
        return transferNanos(outputBytes, outputBytesPerSecond);
    }

    private static long transferNanos(long bytes, long bytesPerSecond) {
        return bytesPerSecond == 0
                ? 0
                : OffloadPlanner.times(bytes, NANOS_PER_SECOND) / bytesPerSecond;
    }

    OffloadModel with(long local, long remote, long latency, long post, int workerCount) {
        return new OffloadModel(
                local,
                remote,
                latency,
                post,
                inputBytes,
                outputBytes,
                inputBytesPerSecond,
                outputBytesPerSecond,
                workerCount,
                localThreads);
    }
}
