package io.offcut.executor;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * How a node daemon starts an executor: the command line, and the file that carries the {@link
 * ExecutorSpec}, because a command line can be read by everyone on the node.
 */
public final class ExecutorCommand {
    private static final String SELECTORS = "-Djava.nio.channels.spi.SelectorProvider";
    private static final int FORMAT_MAGIC = 0x4F464553; // "OFES"
    private static final int FORMAT_VERSION = 2;
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_ITEMS = 4096;
    private static final long MIB = 1 << 20;
    private static final long HEAP_WITHOUT_JAVA_MIB = 48;
    private static final long SMALLEST_JAVA_HEAP_MIB = 32;
    private static final long PARKED_HEAP_MIB = 128;
    private static final long LARGEST_HEAP_MIB = 31 << 10;

    static final String REHEARSE = "--rehearse";

    // Both compilers are on: with the first alone a hot call over shared memory took 250 ns more
    // than a bare ping-pong, with both 90 ns, for 6 MiB more and the same time to start.
    private static final List<String> FLAGS =
            List.of(
                    "-XX:+UseSerialGC",
                    "-XX:ReservedCodeCacheSize=24m",
                    // On one CPU a compiler takes turns with the start that it would make quicker:
                    // a third of the start with the usual thresholds.
                    "-XX:CompileThresholdScaling=10",
                    "-XX:-UsePerfData",
                    "-XX:+UseSystemMemoryBarrier",
                    "-Xss512k",
                    // What is touched stays resident: the heap begins small and grows by itself.
                    "-Xms4m",
                    "-XX:NewSize=1m",
                    // Else the archive is moved, and every executor has a copy of it.
                    "-XX:+UnlockDiagnosticVMOptions",
                    "-XX:ArchiveRelocationMode=0",
                    // What the machine says goes where functions print: no archive is no fault.
                    "-Xlog:disable",
                    // A crash ends an invocation at once; a dump would keep its caller waiting.
                    "-XX:-CreateCoredumpOnCrash",
                    "-XX:+SuppressFatalErrorMessage",
                    "--enable-native-access=ALL-UNNAMED");

    private ExecutorCommand() {}

    /**
     * The program that executors run.
     *
     * @param java the {@code java} program
     * @param classPath the class path of the running program, {@code java.class.path}
     * @param archive of loaded and linked classes, which saves a third of a start and takes memory
     *     that executors share (JEP 514); need not be there; null for none
     */
    public record Program(Path java, String classPath, @Nullable Path archive) {}

    /**
     * What executors need of the class path of the running program: the jars that the manifest of
     * their own names, which are quicker to look through than all. The whole path where one of them
     * is not there under its name.
     */
    public static String classPath(String whole) {
        try {
            Path own =
                    Path.of(
                            ExecutorMain.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            String named = Files.isDirectory(own) ? null : namedBy(own);
            if (named == null) {
                return whole;
            }
            Set<String> needed = new HashSet<>(Arrays.asList(named.split(" ", -1)));
            needed.add(own.getFileName().toString());
            List<String> part =
                    Arrays.stream(whole.split(File.pathSeparator, -1))
                            .filter(entry ->
                                    needed.contains(Path.of(entry).getFileName().toString()))
                            .toList();
            // Jars that somebody gave other names are not told from those that are not needed.
            return part.size() < needed.size() ? whole : String.join(File.pathSeparator, part);
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException("the program's own jar cannot be read", e);
        }
    }

    private static @Nullable String namedBy(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = file.getManifest();
            return manifest == null
                    ? null
                    : manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
        }
    }

    /**
     * The command line of a small virtual machine that runs {@link ExecutorMain}: it waits for the
     * path of its specification file, one line on its standard input, and ends when that ends
     * first. Nothing in it is secret.
     *
     * @param memoryBytes ceiling of the lease; half of it is for Java functions, where there are
     *     any; 0 for none
     */
    public static List<String> line(Program program, ExecutorSpec spec, long memoryBytes) {
        return line(program, false, heapMib(spec, memoryBytes));
    }

    /** The same of one that is started before its lease, and rehearses one. */
    public static List<String> parkedLine(Program program) {
        return rehearsing(line(program, false, PARKED_HEAP_MIB));
    }

    /**
     * The same of one that makes the program's archive, and must get no lease: it runs no foreign
     * code, and whoever can write the archive can make executors run any.
     */
    public static List<String> archivingLine(Program program) {
        return rehearsing(line(program, true, PARKED_HEAP_MIB));
    }

    /** Whether a parked executor has the heap that this lease would get. */
    public static boolean fitsParked(ExecutorSpec spec, long memoryBytes) {
        return heapMib(spec, memoryBytes) <= PARKED_HEAP_MIB;
    }

    private static List<String> rehearsing(List<String> line) {
        line.add(REHEARSE);
        return line;
    }

    private static List<String> line(Program program, boolean archiving, long heapMib) {
        List<String> line = new ArrayList<>();
        line.add(program.java.toString());
        line.addAll(FLAGS);
        line.add("-Xmx" + heapMib + "m");
        // The one of this very Java: else each looks through all jars for another.
        line.add(SELECTORS + "=" + SelectorProvider.provider().getClass().getName());
        if (program.archive != null) {
            line.add("-XX:" + (archiving ? "AOTCacheOutput=" : "AOTCache=") + program.archive);
            // With recorded profiles all that was warm is compiled again at once: see above.
            line.add("-XX:" + (archiving ? "-AOTRecordTraining" : "-AOTReplayTraining"));
        }
        line.addAll(List.of("-cp", program.classPath, ExecutorMain.class.getName()));
        return line;
    }

    static long heapMib(ExecutorSpec spec, long memoryBytes) {
        boolean java = spec.functions().stream().anyMatch(f -> f.kind() == FunctionKind.JAVA);
        if (!java) {
            return HEAP_WITHOUT_JAVA_MIB;
        }
        return Math.clamp(memoryBytes / 2 / MIB, SMALLEST_JAVA_HEAP_MIB, LARGEST_HEAP_MIB);
    }

    /**
     * Writes a new file that only this user can read.
     *
     * @throws OffcutException {@code EXHAUSTED} if it cannot be written
     */
    public static void write(Path file, ExecutorSpec spec) {
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        Set.of(CREATE_NEW, WRITE, NOFOLLOW_LINKS),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer bytes = ByteBuffer.wrap(encode(spec));
            while (bytes.hasRemaining()) {
                int ignored = channel.write(bytes);
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot write the executor's specification " + file + ": " + e.getMessage(),
                    e);
        }
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws OffcutException {@code INVALID_INPUT} if it is something else, {@code WRONG_VERSION}
     *     if another release wrote it
     */
    public static ExecutorSpec read(Path file) {
        try (InputStream in = Files.newInputStream(file, READ, NOFOLLOW_LINKS)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length <= MAX_BYTES) {
                return decode(bytes, file);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    file + " is not an executor's specification that can be read",
                    e);
        }
        throw new OffcutException(
                ErrorCode.INVALID_INPUT, file + " is longer than an executor's specification");
    }

    private static byte[] encode(ExecutorSpec spec) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(FORMAT_MAGIC);
            out.writeShort(FORMAT_VERSION);
            out.writeUTF(spec.leaseId());
            out.writeInt(spec.generation());
            out.writeUTF(spec.bundleDir());
            out.writeInt(spec.functions().size());
            for (FunctionSpec function : spec.functions()) {
                encode(function, out);
            }
            out.writeInt(spec.cores().size());
            for (int core : spec.cores()) {
                out.writeInt(core);
            }
            out.writeUTF(spec.regionDir());
            out.writeUTF(spec.scratchDir());
            out.writeUTF(spec.controlSocket());
            out.writeUTF(spec.tcpHost());
            out.writeUTF(spec.verbsHost());
            out.writeUTF(spec.secret());
            out.writeInt(spec.slots());
            out.writeInt(spec.payloadBytes());
            out.writeLong(spec.hotTimeoutMicros());
            out.writeLong(spec.orphanMillis());
            out.writeLong(spec.memoryBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void encode(FunctionSpec function, DataOutputStream out) throws IOException {
        out.writeUTF(function.name());
        out.writeUTF(function.kind().name());
        out.writeUTF(function.file());
        out.writeUTF(function.symbol());
        out.writeBoolean(function.checked());
        out.writeInt(function.command().size());
        for (String word : function.command()) {
            out.writeUTF(word);
        }
        out.writeBoolean(function.idempotent());
        out.writeLong(function.timeoutMillis());
    }

    private static ExecutorSpec decode(byte[] bytes, Path file) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readInt() != FORMAT_MAGIC) {
                throw new IOException("wrong magic");
            }
            int version = in.readUnsignedShort();
            if (version != FORMAT_VERSION) {
                throw new OffcutException(
                        ErrorCode.WRONG_VERSION,
                        file + " has format version " + version + ", not " + FORMAT_VERSION);
            }
            ExecutorSpec spec =
                    new ExecutorSpec(
                            in.readUTF(),
                            in.readInt(),
                            in.readUTF(),
                            functions(in),
                            cores(in),
                            in.readUTF(),
                            in.readUTF(),
                            in.readUTF(),
                            in.readUTF(),
                            in.readUTF(),
                            in.readUTF(),
                            in.readInt(),
                            in.readInt(),
                            in.readLong(),
                            in.readLong(),
                            in.readLong());
            if (in.read() >= 0) {
                throw new IOException("it goes on after its end");
            }
            return spec;
        }
    }

    private static List<FunctionSpec> functions(DataInputStream in) throws IOException {
        List<FunctionSpec> functions = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            functions.add(
                    new FunctionSpec(
                            in.readUTF(),
                            FunctionKind.valueOf(in.readUTF()),
                            in.readUTF(),
                            in.readUTF(),
                            in.readBoolean(),
                            words(in),
                            in.readBoolean(),
                            in.readLong()));
        }
        return functions;
    }

    private static List<String> words(DataInputStream in) throws IOException {
        List<String> words = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            words.add(in.readUTF());
        }
        return words;
    }

    private static List<Integer> cores(DataInputStream in) throws IOException {
        List<Integer> cores = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            cores.add(in.readInt());
        }
        return cores;
    }

    private static int count(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > MAX_ITEMS) {
            throw new IOException(count + " items");
        }
        return count;
    }
}
