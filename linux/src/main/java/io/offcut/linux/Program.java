package io.offcut.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A program with its arguments, its environment and the folder it runs in, to be started again and
 * again (posix_spawn(3), which copies no page table, however large this process is). For one thread
 * at a time.
 *
 * <p>What it starts leads a process group of its own, has every signal unblocked and with its
 * default action, and no file open but its three pipes. All else it has from the thread that starts
 * it: CPUs, scheduling class, limits, control groups.
 */
public final class Program {
    private static final String SHELL = "/bin/sh";
    private static final long WORD_BYTES = ADDRESS.byteSize();

    /** More than either opaque structure has with glibc on 64 bits (80 and 336). */
    private static final int STRUCTURE_BYTES = 512;

    private static final int SIGNAL_SET_BYTES = 128;
    private static final short SETPGROUP_SETSIGDEF_SETSIGMASK = 0x02 | 0x04 | 0x08;

    private static final MethodHandle SPAWN =
            LibC.bind(
                    "posix_spawn",
                    FunctionDescriptor.of(
                            JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
    private static final MethodHandle ACTIONS_INIT = one("posix_spawn_file_actions_init");
    private static final MethodHandle ACTIONS_DESTROY = one("posix_spawn_file_actions_destroy");
    private static final MethodHandle ADD_CHDIR = two("posix_spawn_file_actions_addchdir_np");
    private static final MethodHandle ADD_DUP2 =
            LibC.bind(
                    "posix_spawn_file_actions_adddup2",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    private static final MethodHandle ADD_CLOSEFROM =
            LibC.bind(
                    "posix_spawn_file_actions_addclosefrom_np",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle ATTRIBUTES_INIT = one("posix_spawnattr_init");
    private static final MethodHandle SET_FLAGS =
            LibC.bind(
                    "posix_spawnattr_setflags",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_SHORT));
    private static final MethodHandle SET_DEFAULT = two("posix_spawnattr_setsigdefault");
    private static final MethodHandle SET_MASK = two("posix_spawnattr_setsigmask");

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment shell = arena.allocateFrom(SHELL);
    private final MemorySegment program;
    private final MemorySegment directory;

    /** That of {@code sh program …}; without its first word that of the program. */
    private final MemorySegment shellArguments;

    private final MemorySegment environment;
    private final MemorySegment attributes = arena.allocate(STRUCTURE_BYTES, 16);

    /**
     * Looks at nothing yet.
     *
     * @param command the program's path and its arguments
     * @param environment all of it
     */
    public Program(List<String> command, Map<String, String> environment, Path directory) {
        this.program = arena.allocateFrom(command.getFirst());
        this.directory = arena.allocateFrom(directory.toString());
        List<String> words = new ArrayList<>(command);
        words.addFirst(SHELL);
        this.shellArguments = strings(words);
        List<String> variables = new ArrayList<>();
        environment.forEach((name, value) -> variables.add(name + "=" + value));
        this.environment = strings(variables);
        setAttributes();
    }

    private MemorySegment strings(List<String> texts) {
        MemorySegment array = arena.allocate(ADDRESS, texts.size() + 1L);
        for (int i = 0; i < texts.size(); i++) {
            array.setAtIndex(ADDRESS, i, arena.allocateFrom(texts.get(i)));
        }
        return array;
    }

    private void setAttributes() {
        MemorySegment none = arena.allocate(SIGNAL_SET_BYTES, 8);
        MemorySegment all = arena.allocate(SIGNAL_SET_BYTES, 8).fill((byte) -1);
        MemorySegment state = LibC.scratch().callState;
        try {
            int ignored = (int) ATTRIBUTES_INIT.invokeExact(state, attributes);
            ignored =
                    (int) SET_FLAGS.invokeExact(state, attributes, SETPGROUP_SETSIGDEF_SETSIGMASK);
            ignored = (int) SET_DEFAULT.invokeExact(state, attributes, all);
            ignored = (int) SET_MASK.invokeExact(state, attributes, none);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    /**
     * Starts it. Blocks until the kernel runs it.
     *
     * @throws IOException if it cannot be started; the message says why
     */
    public ChildProcess start() throws IOException {
        ChildPipes pipes = ChildPipes.open();
        try {
            return new ChildProcess(spawn(pipes), pipes);
        } catch (IOException | RuntimeException e) {
            pipes.close();
            throw e;
        } finally {
            pipes.closeProgramsEnds();
        }
    }

    private int spawn(ChildPipes pipes) throws IOException {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment pid = call.allocate(JAVA_INT);
            MemorySegment actions = call.allocate(STRUCTURE_BYTES, 16);
            checked((int) ACTIONS_INIT.invokeExact(LibC.scratch().callState, actions));
            try {
                fill(actions, pipes);
                int errno = spawn(pid, program, actions, shellArguments.asSlice(WORD_BYTES));
                // A script without #! is the shell's, as execvp(3) has it.
                checked(errno == LibC.ENOEXEC ? spawn(pid, shell, actions, shellArguments) : errno);
            } finally {
                int ignored = (int) ACTIONS_DESTROY.invokeExact(LibC.scratch().callState, actions);
            }
            return pid.get(JAVA_INT, 0);
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    /** What the new process does before the program runs. */
    private void fill(MemorySegment actions, ChildPipes pipes) throws Throwable {
        MemorySegment state = LibC.scratch().callState;
        for (int stream = 0; stream < ChildPipes.COUNT; stream++) {
            int end = pipes.programsEnd(stream);
            checked((int) ADD_DUP2.invokeExact(state, actions, end, stream));
        }
        // The virtual machine marks only some of its files as not to be inherited.
        checked((int) ADD_CLOSEFROM.invokeExact(state, actions, ChildPipes.COUNT));
        checked((int) ADD_CHDIR.invokeExact(state, actions, directory));
    }

    private int spawn(
            MemorySegment pid, MemorySegment path, MemorySegment actions, MemorySegment arguments)
            throws Throwable {
        return (int)
                SPAWN.invokeExact(
                        LibC.scratch().callState,
                        pid,
                        path,
                        actions,
                        attributes,
                        arguments,
                        environment);
    }

    private static void checked(int errno) throws IOException {
        if (errno != 0) {
            throw new IOException(Descriptors.text(errno));
        }
    }

    private static MethodHandle one(String name) {
        return LibC.bind(name, FunctionDescriptor.of(JAVA_INT, ADDRESS));
    }

    private static MethodHandle two(String name) {
        return LibC.bind(name, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    }
}
