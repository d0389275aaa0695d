package io.offcut.node.internal.executor;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.Cgroups;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What this daemon can do to confine its executors on this machine, found once at start.
 *
 * <p>An executor is started by a shell in a session of its own that asks to be the first victim of
 * the OOM killer, and becomes the virtual machine through util-linux's setsid(1), chrt(1),
 * taskset(1) and setpriv(1), so that no instruction of it runs without. Every step keeps the
 * process id, by which the daemon puts it into its control group before it gets a lease.
 */
public final class Sandbox {
    // The kernel may share the CPU between sessions first and obey SCHED_IDLE only within one
    // (sched(7), "The autogroup feature"): so the session gives way as a whole.
    private static final String GIVE_WAY = "echo 19 2>/dev/null >/proc/self/autogroup; ";

    private static final String SCRIPT =
            "umask 077; ulimit -c 0; echo 1000 2>/dev/null >/proc/self/oom_score_adj; exec \"$@\"";

    private static final List<Path> TOOL_FOLDERS =
            List.of(Path.of("/usr/bin"), Path.of("/bin"), Path.of("/usr/local/bin"));

    private final Cgroups cgroups;
    private final boolean useCgroups;
    private final @Nullable UserPrincipal user;
    private final List<String> features = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();

    private Sandbox(Cgroups cgroups, boolean useCgroups, @Nullable UserPrincipal user) {
        this.cgroups = cgroups;
        this.useCgroups = useCgroups;
        this.user = user;
    }

    /**
     * Looks at the machine and at what this process may do. To be called before it starts any
     * other: it moves itself where those are not in the way of executors' control groups.
     *
     * @param executorUser who executors run as when this process is root
     * @throws OffcutException {@code USAGE} when this process is root and executors could not run
     *     as another user
     */
    public static Sandbox detect(String executorUser, boolean wantCgroups) {
        Cgroups cgroups = Cgroups.detect();
        boolean use = wantCgroups && cgroups.version() != Cgroups.Version.NONE;
        if (use) {
            cgroups.stepAside();
        }
        UserPrincipal user = isRoot() ? unprivileged(executorUser, has("setpriv")) : null;
        Sandbox sandbox = new Sandbox(cgroups, use, user);
        sandbox.describe();
        return sandbox;
    }

    /** Who root's executors run as. Others' functions never run as root. */
    static UserPrincipal unprivileged(String executorUser, boolean hasSetpriv) {
        UserPrincipal user = user(executorUser);
        if (user == null) {
            throw refused("there is no user '" + executorUser + "'; name one that exists");
        }
        // Principals of one id are equal, whatever they are called.
        if (user.equals(user("root"))) {
            throw refused("'" + executorUser + "' is root; name an unprivileged user");
        }
        if (!hasSetpriv) {
            throw refused(
                    "executors cannot become '"
                            + executorUser
                            + "' without setpriv of util-linux; install it, or run the daemon as an"
                            + " unprivileged user");
        }
        return user;
    }

    private static OffcutException refused(String why) {
        return new OffcutException(ErrorCode.USAGE, "node configuration, key executorUser: " + why);
    }

    private void describe() {
        if (useCgroups) {
            features.add(cgroups.version() == Cgroups.Version.V2 ? "cgroup-v2" : "cgroup-v1");
            cgroups.missing().forEach(part -> missing.add("cgroup " + part));
        } else {
            missing.add("cgroups (no memory ceiling, executors are found by their process tree)");
        }
        tool("chrt", "sched-idle");
        tool("taskset", "pinning");
        tool("setpriv", "no-new-privs");
        tool("setsid", "own-session");
        if (user != null) {
            features.add("own-user");
        } else {
            missing.add("a user of their own (the daemon is not root)");
        }
    }

    private void tool(String name, String feature) {
        if (has(name)) {
            features.add(feature);
        } else {
            missing.add(feature + " (install " + name + " of util-linux)");
        }
    }

    /** Short words for {@link io.offcut.core.NodeDescriptor#features}. */
    public List<String> features() {
        return List.copyOf(features);
    }

    /** What it does without, in words for an administrator. */
    public List<String> missing() {
        return List.copyOf(missing);
    }

    /** Null when executors run without control groups. */
    public @Nullable Cgroups cgroups() {
        return useCgroups ? cgroups : null;
    }

    /** Who executors run as; null for the daemon's own user. */
    public @Nullable UserPrincipal user() {
        return user;
    }

    /**
     * The whole command line of an executor.
     *
     * @param cpus real CPUs
     * @param command the virtual machine and its arguments; no secret is among them
     */
    public List<String> wrap(CpuSet cpus, List<String> command) {
        return wrap(cpus, user, command);
    }

    /** The same for a command of the daemon's own user, which runs no foreign code. */
    List<String> wrapOwn(CpuSet cpus, List<String> command) {
        return wrap(cpus, null, command);
    }

    private static List<String> wrap(
            CpuSet cpus, @Nullable UserPrincipal other, List<String> command) {
        List<String> line = new ArrayList<>();
        add(line, "setsid");
        // Without a session of its own the script would speak for the daemon's.
        String script = line.isEmpty() ? SCRIPT : GIVE_WAY + SCRIPT;
        line.addAll(List.of("/bin/sh", "-c", script, "offcut-executor"));
        add(line, "chrt", "--idle", "0");
        add(line, "taskset", "-c", cpus.toString());
        add(line, setpriv(other));
        line.addAll(command);
        return line;
    }

    private static String[] setpriv(@Nullable UserPrincipal other) {
        return other == null
                ? new String[] {"setpriv", "--no-new-privs"}
                : new String[] {
                    "setpriv",
                    "--no-new-privs",
                    "--reuid",
                    other.getName(),
                    "--regid",
                    groupOf(other),
                    "--clear-groups"
                };
    }

    private static void add(List<String> line, String... wrapper) {
        Path tool = find(wrapper[0]);
        if (tool != null) {
            line.add(tool.toString());
            line.addAll(List.of(wrapper).subList(1, wrapper.length));
        }
    }

    private static boolean has(String tool) {
        return find(tool) != null;
    }

    private static @Nullable Path find(String tool) {
        return TOOL_FOLDERS.stream()
                .map(folder -> folder.resolve(tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    /** Whether this process is root. */
    public static boolean isRoot() {
        try {
            return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    private static @Nullable UserPrincipal user(String name) {
        try {
            return Path.of("/")
                    .getFileSystem()
                    .getUserPrincipalLookupService()
                    .lookupPrincipalByName(name);
        } catch (IOException e) {
            return null;
        }
    }

    // passwd(5): name:password:uid:gid:…; setpriv takes the number.
    private static String groupOf(UserPrincipal user) {
        try {
            for (String line : Files.readAllLines(Path.of("/etc/passwd"))) {
                String[] fields = line.split(":", -1);
                if (fields.length > 3 && fields[0].equals(user.getName())) {
                    return fields[3];
                }
            }
        } catch (IOException e) {
            // Users may come from elsewhere: a group of the user's own name is the custom.
        }
        return user.getName();
    }
}
