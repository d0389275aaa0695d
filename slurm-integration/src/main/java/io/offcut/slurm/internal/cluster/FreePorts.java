package io.offcut.slurm.internal.cluster;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Finds loopback ports that nobody listens on. */
final class FreePorts {
    /** Below Linux's usual range for outgoing connections (32768…), so that none takes them. */
    private static final int FIRST = 20_000;

    private static final int LAST = 32_000;
    private static final int MAX_TRIES = 5_000;

    private FreePorts() {}

    /** So many different free ports. Another process may take one before it is used. */
    static List<Integer> choose(int count, RandomGenerator random) {
        Set<Integer> chosen = new HashSet<>();
        for (int tries = 0; chosen.size() < count && tries < MAX_TRIES; tries++) {
            int port = random.nextInt(FIRST, LAST);
            if (!chosen.contains(port) && isFree(port)) {
                chosen.add(port);
            }
        }
        if (chosen.size() < count) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "found no " + count + " free ports in " + FIRST + ".." + LAST + " on loopback");
        }
        return new ArrayList<>(chosen);
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
