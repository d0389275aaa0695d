package io.offcut.executor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.offcut.core.function.OffcutFunction;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Java functions of the test bundle. */
public final class TestFunctions {
    private TestFunctions() {}

    /** Answers with its input backwards. */
    public static final class Reverse implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) {
            for (long i = 0; i < in.byteSize(); i++) {
                out.set(JAVA_BYTE, i, in.get(JAVA_BYTE, in.byteSize() - 1 - i));
            }
            return (int) in.byteSize();
        }
    }

    /** Throws. */
    public static final class Throwing implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) {
            throw new IllegalStateException("thrown on purpose");
        }
    }

    /** Ends its process. */
    public static final class Exiting implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) {
            System.exit(5);
            return 0;
        }
    }

    /** Says that its result is longer than its room. */
    public static final class TooLong implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) {
            return (int) out.byteSize() + 1;
        }
    }

    /** Answers with the names of the classes it should not see but does. */
    public static final class Peeping implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) {
            StringBuilder seen = new StringBuilder();
            for (String name :
                    new String[] {
                        "io.offcut.executor.ExecutorMain",
                        "io.offcut.linux.Futex",
                        "io.netty.buffer.ByteBuf",
                        "org.slf4j.Logger"
                    }) {
                try {
                    seen.append(Class.forName(name).getName());
                } catch (ClassNotFoundException e) {
                    seen.append('-');
                }
            }
            byte[] text = seen.toString().getBytes(StandardCharsets.UTF_8);
            MemorySegment.copy(MemorySegment.ofArray(text), 0, out, 0, text.length);
            return text.length;
        }
    }

    /** Answers with the home and the temporary folder of what it starts. */
    public static final class Homes implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) throws IOException {
            Process shell = new ProcessBuilder("sh", "-c", "printf %s:%s $HOME $TMPDIR").start();
            byte[] text = shell.getInputStream().readAllBytes();
            MemorySegment.copy(MemorySegment.ofArray(text), 0, out, 0, text.length);
            return text.length;
        }
    }

    /** Has no constructor without arguments. */
    public static final class Unmakable implements OffcutFunction {
        /** Nothing can call it. */
        public Unmakable(int length) {}

        @Override
        public int invoke(MemorySegment in, MemorySegment out) {
            return 0;
        }
    }
}
