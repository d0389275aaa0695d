package io.offcut.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

    private static final LibC SPAWN = new LibC("posix_spawn");
    private static final LibC ACTIONS_INIT = new LibC("posix_spawn_file_actions_init");
    private static final LibC ACTIONS_DESTROY = new LibC("posix_spawn_file_actions_destroy");
    private static final LibC ADD_CHDIR = new LibC("posix_spawn_file_actions_addchdir_np");
    private static final LibC ADD_DUP2 = new LibC("posix_spawn_file_actions_adddup2");
    private static final LibC ADD_CLOSEFROM = new LibC("posix_spawn_file_actions_addclosefrom_np");
    private static final LibC ATTRIBUTES_INIT = new LibC("posix_spawnattr_init");
    private static final LibC SET_FLAGS = new LibC("posix_spawnattr_setflags");
    private static final LibC SET_DEFAULT = new LibC("posix_spawnattr_setsigdefault");
    private static final LibC SET_MASK = new LibC("posix_spawnattr_setsigmask");

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
        long ignored = ATTRIBUTES_INIT.call(attributes.address());
        ignored = SET_FLAGS.call(attributes.address(), SETPGROUP_SETSIGDEF_SETSIGMASK);
        ignored = SET_DEFAULT.call(attributes.address(), all.address());
        ignored = SET_MASK.call(attributes.address(), none.address());
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
            checked(ACTIONS_INIT.call(actions.address()));
            try {
                fill(actions.address(), pipes);
                int errno = spawn(pid, program, actions, shellArguments.asSlice(WORD_BYTES));
                // A script without #! is the shell's, as execvp(3) has it.
                checked(errno == LibC.ENOEXEC ? spawn(pid, shell, actions, shellArguments) : errno);
            } finally {
                long ignored = ACTIONS_DESTROY.call(actions.address());
            }
            return pid.get(JAVA_INT, 0);
        }
    }

    /** What the new process does before the program runs. */
    private void fill(long actions, ChildPipes pipes) throws IOException {
        for (int stream = 0; stream < ChildPipes.COUNT; stream++) {
            checked(ADD_DUP2.call(actions, pipes.programsEnd(stream), stream));
        }
        // The virtual machine marks only some of its files as not to be inherited.
        checked(ADD_CLOSEFROM.call(actions, ChildPipes.COUNT));
        checked(ADD_CHDIR.call(actions, directory.address()));
    }

    private int spawn(
            MemorySegment pid, MemorySegment path, MemorySegment actions, MemorySegment arguments) {
        return (int)
                SPAWN.call(
                        pid.address(),
                        path.address(),
                        actions.address(),
                        attributes.address(),
                        arguments.address(),
                        environment.address());
    }

    private static void checked(long result) throws IOException {
        int errno = (int) result;
        if (errno != 0) {
            throw new IOException(Descriptors.text(errno));
        }
    }
}
