package io.offcut.slurm.internal.event;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.HashSet;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;

/** Makes the socket that only its owner may open, and tells who has connected. */
public final class EventSocket {
    private EventSocket() {}

    /**
     * Binds a unix-domain socket of mode 0600. A socket that nobody serves any more is replaced;
     * one that is served, or a file that is no socket, is left alone.
     *
     * <p>It is bound under another name, restricted, and then moved to its place, so that nobody
     * can open it in between.
     *
     * @throws OffcutException CONFLICT if the path is in use, USAGE if a socket cannot be there
     */
    public static ServerSocketChannel bind(Path path, int maxPathBytes, int backlog) {
        if (path.toString().getBytes(StandardCharsets.UTF_8).length > maxPathBytes) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "the socket path "
                            + path
                            + " is longer than "
                            + maxPathBytes
                            + " bytes: choose a shorter one, for example below /run");
        }
        refuseIfInUse(path);
        Path temporary = path.resolveSibling("." + path.getFileName() + ".n");
        try {
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                Files.deleteIfExists(temporary);
                server.bind(UnixDomainSocketAddress.of(temporary), backlog);
                Files.setPosixFilePermissions(
                        temporary, PosixFilePermissions.fromString("rw-------"));
                Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
                return server;
            } catch (IOException e) {
                server.close();
                Files.deleteIfExists(temporary);
                throw e;
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "cannot listen at "
                            + path
                            + " ("
                            + e
                            + "): give a path in an existing directory that this user may write",
                    e);
        }
    }

    private static void refuseIfInUse(Path path) {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean free = false;
        try {
            boolean socket =
                    Files.readAttributes(
                                    path,
                                    java.nio.file.attribute.BasicFileAttributes.class,
                                    LinkOption.NOFOLLOW_LINKS)
                            .isOther();
            free = socket && !answers(path);
        } catch (IOException e) {
            // It vanished in between or cannot be looked at: binding will tell.
            free = true;
        }
        if (!free) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    path
                            + " is in use: another daemon serves it, or it is not a socket; stop"
                            + " that daemon or choose another path");
        }
    }

    private static boolean answers(Path path) {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false);
            return probe.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            // Refused: the daemon that made it is gone. A full backlog also fails, and its
            // message ends in "unavailable" (EAGAIN).
            return String.valueOf(e.getMessage()).contains("unavailable");
        }
    }

    /** The users that may connect: root, this process's user, and those named. */
    public static Set<UserPrincipal> trusted(Set<String> names) {
        Set<UserPrincipal> users = new HashSet<>();
        Set<String> all = new HashSet<>(names);
        all.add("0");
        all.add("root");
        var lookup = FileSystems.getDefault().getUserPrincipalLookupService();
        try {
            for (String name : all) {
                try {
                    users.add(lookup.lookupPrincipalByName(name));
                } catch (java.nio.file.attribute.UserPrincipalNotFoundException e) {
                    if (names.contains(name)) {
                        throw new OffcutException(
                                ErrorCode.USAGE,
                                "there is no user '"
                                        + name
                                        + "' to trust with job events: check SlurmUser",
                                e);
                    }
                }
            }
            users.add(Files.getOwner(Path.of("/proc/self")));
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.INTERNAL, "cannot look up users (" + e + "): check /etc/nsswitch", e);
        }
        return users;
    }

    /** Who is at the other end, as the kernel recorded it at connect (SO_PEERCRED, unix(7)). */
    public static UserPrincipal peer(SocketChannel channel) throws IOException {
        return channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
    }
}
