package io.offcut.slurm.internal.site;

import io.offcut.slurm.internal.site.SiteFacts.Cgroups;
import io.offcut.slurm.internal.site.SiteFacts.Plugstack;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/** What the kernel of this machine says. */
public final class SiteMachine {
    private static final int PING_MILLIS = 2000;
    private static final int MAX_ANSWER_BYTES = 256;

    private SiteMachine() {}

    /** The host name up to its first dot, as Slurm names nodes by default. */
    public static String hostName() {
        String full = text(Path.of("/proc/sys/kernel/hostname")).strip();
        int dot = full.indexOf('.');
        return dot > 0 ? full.substring(0, dot) : full;
    }

    /** Whether this process is root. */
    public static boolean isRoot() {
        try {
            return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException e) {
            return false;
        }
    }

    /** Swap space, proc_meminfo(5). */
    public static long swapBytes() {
        return text(Path.of("/proc/meminfo"))
                .lines()
                .filter(line -> line.startsWith("SwapTotal:"))
                .map(line -> line.replaceAll("[^0-9]", ""))
                .filter(digits -> !digits.isEmpty() && digits.length() < 15)
                .mapToLong(digits -> Long.parseLong(digits) << 10)
                .findFirst()
                .orElse(0);
    }

    /** The control groups mounted below this folder. */
    public static Cgroups cgroups(Path root) {
        String unified = text(root.resolve("cgroup.controllers"));
        if (!unified.isEmpty()) {
            return new Cgroups(2, Set.of(unified.strip().split("\\s+", -1)));
        }
        Set<String> mounted = new TreeSet<>();
        for (String part : new String[] {"cpuset", "memory", "freezer", "pids"}) {
            if (Files.exists(root.resolve(part).resolve("cgroup.procs"))) {
                mounted.add(part);
            }
        }
        return new Cgroups(mounted.isEmpty() ? 0 : 1, mounted);
    }

    /** Asks the daemon at the socket that the plugin uses, bounded in time. */
    public static Reading ping(Plugstack stack, String node) {
        return ping(Path.of(NodeChecks.socketOf(stack, node)));
    }

    static Reading ping(Path socket) {
        if (!Files.exists(socket)) {
            return Reading.none("is not there");
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                Selector selector = Selector.open()) {
            // Never blocks: with a full backlog the kernel refuses at once.
            channel.configureBlocking(false);
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap("PING\n".getBytes(StandardCharsets.US_ASCII)));
            channel.register(selector, SelectionKey.OP_READ);
            return answer(channel, selector);
        } catch (IOException | IllegalArgumentException e) {
            return Reading.none("does not answer");
        }
    }

    private static Reading answer(SocketChannel channel, Selector selector) throws IOException {
        ByteBuffer line = ByteBuffer.allocate(MAX_ANSWER_BYTES);
        long end = System.nanoTime() + PING_MILLIS * 1_000_000L;
        while (line.hasRemaining()) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0 || selector.select(left) == 0) {
                return Reading.none("does not answer within " + PING_MILLIS + " ms");
            }
            selector.selectedKeys().clear();
            boolean over = channel.read(line) < 0;
            String text = new String(line.array(), 0, line.position(), StandardCharsets.US_ASCII);
            if (over || text.indexOf('\n') >= 0) {
                return text.isBlank()
                        ? Reading.none("closes without an answer")
                        : Reading.of(text.lines().findFirst().orElse("").strip());
            }
        }
        return Reading.of("a line that does not end");
    }

    private static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            return "";
        }
    }
}
