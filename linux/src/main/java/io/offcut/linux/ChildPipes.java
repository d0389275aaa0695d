package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The pipes to a program's stdin and from its stdout and stderr, by stream 0, 1 and 2. */
final class ChildPipes {
    static final int STDIN = 0;
    static final int STDOUT = 1;
    static final int STDERR = 2;
    static final int COUNT = 3;

    private static final int CLOSED = -1;

    private final int[] ours = {CLOSED, CLOSED, CLOSED};
    private final int[] programs = {CLOSED, CLOSED, CLOSED};

    private ChildPipes() {}

    /** Makes them. No write to the first blocks. */
    static ChildPipes open() throws IOException {
        ChildPipes pipes = new ChildPipes();
        try (Arena call = Arena.ofConfined()) {
            MemorySegment ends = call.allocate(JAVA_INT, 2);
            for (int stream = 0; stream < COUNT; stream++) {
                Descriptors.pipe(ends);
                int readEnd = ends.getAtIndex(JAVA_INT, 0);
                int writeEnd = ends.getAtIndex(JAVA_INT, 1);
                pipes.ours[stream] = stream == STDIN ? writeEnd : readEnd;
                pipes.programs[stream] = stream == STDIN ? readEnd : writeEnd;
            }
        } catch (IOException e) {
            pipes.closeProgramsEnds();
            pipes.close();
            throw e;
        }
        Descriptors.dontBlock(pipes.ours[STDIN]);
        return pipes;
    }

    /** A descriptor; negative, which poll(2) passes over, when it is closed. */
    int ourEnd(int stream) {
        return ours[stream];
    }

    int programsEnd(int stream) {
        return programs[stream];
    }

    /** Closes our end of one. */
    void close(int stream) {
        close(ours, stream);
    }

    /** Closes our ends. */
    void close() {
        for (int stream = 0; stream < COUNT; stream++) {
            close(ours, stream);
        }
    }

    /** Closes the ends that only the program has from now on. */
    void closeProgramsEnds() {
        for (int stream = 0; stream < COUNT; stream++) {
            close(programs, stream);
        }
    }

    private static void close(int[] ends, int stream) {
        if (ends[stream] != CLOSED) {
            Descriptors.close(ends[stream]);
            ends[stream] = CLOSED;
        }
    }
}
