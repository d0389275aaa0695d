package io.offcut.executor;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.executor.internal.rdma.DeviceProbe;
import io.offcut.executor.internal.verbs.VerbsWorkerChannel;
import io.offcut.linux.KernelFile;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The RDMA devices of this machine. Where the kernel knows none, nothing of RDMA is loaded. Blocks
 * for some milliseconds for each device.
 */
public final class RdmaDevices {
    /** For {@link #address}: the first that can be used. */
    public static final String AUTO = "auto";

    /** For {@link #address}: none. */
    public static final String OFF = "off";

    private static final Path DEVICES = Path.of("/sys/class/infiniband");
    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final String ACTIVE = "ACTIVE";
    private static final long SMALL_BYTES = 64L << 20;

    private RdmaDevices() {}

    /** All that the kernel knows, by name. */
    public static List<RdmaDevice> list() {
        return KernelFile.list(DEVICES).stream()
                .sorted(Comparator.comparing(Path::getFileName))
                .map(RdmaDevices::examine)
                .toList();
    }

    /** Whether the kernel knows any. */
    public static boolean any() {
        return KernelFile.names(DEVICES).length > 0;
    }

    /**
     * Where executors listen for RDMA.
     *
     * @param wanted {@link #AUTO}, {@link #OFF}, or the name of a device
     * @return its address; empty for none
     * @throws OffcutException {@code USAGE} if the named device cannot be used
     */
    public static String address(String wanted) {
        if (wanted.equals(OFF)) {
            return "";
        }
        if (wanted.equals(AUTO)) {
            return list().stream()
                    .filter(RdmaDevice::usable)
                    .findFirst()
                    .map(RdmaDevice::address)
                    .orElse("");
        }
        Path folder = DEVICES.resolve(wanted);
        String problem =
                Files.isDirectory(folder) ? examine(folder).problem() : "there is no such device";
        if (!problem.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "node configuration, key rdma: device " + wanted + ": " + problem);
        }
        return examine(folder).address();
    }

    /** How much memory this process may register. */
    public static long memlockBytes() {
        String line = KernelFile.valueAfter(KernelFile.readOrEmpty(LIMITS), "Max locked memory");
        String soft = line.split("\\s+", 2)[0];
        try {
            return Long.parseLong(soft);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }

    /**
     * How much memory a worker registers for one slot, its input and its result together: whole
     * pages, and one more for each, so more than twice the payload.
     */
    public static long registeredBytesPerSlot(int payloadBytes) {
        return VerbsWorkerChannel.registeredBytesPerSlot(payloadBytes);
    }

    private static RdmaDevice examine(Path folder) {
        String name = String.valueOf(folder.getFileName());
        List<Path> ports = KernelFile.list(folder.resolve("ports")).stream().sorted().toList();
        Path port =
                ports.stream()
                        .filter(one -> state(one).equals(ACTIVE) && !addressOf(one).isEmpty())
                        .findFirst()
                        .orElse(ports.isEmpty() ? folder.resolve("ports/1") : ports.getFirst());
        String state = state(port);
        String address = addressOf(port);
        int inline = 0;
        String problem = "";
        try {
            inline = DeviceProbe.maxInlineBytes(name);
        } catch (OffcutException e) {
            problem = e.getMessage();
        } catch (IOException e) {
            problem = e.getMessage() + ": may this user use /dev/infiniband/uverbs*? (group rdma)";
        }
        long memlock = memlockBytes();
        if (problem.isEmpty()) {
            problem = problem(state, address, memlock);
        }
        return new RdmaDevice(
                name, state, read(port.resolve("link_layer")), address, inline, memlock, problem);
    }

    private static String problem(String state, String address, long memlock) {
        if (!state.equals(ACTIVE)) {
            return "its port is not active: check the cable, and the subnet manager of InfiniBand";
        }
        if (address.isEmpty()) {
            return "its network interface has no IP address: give it one (ip address add)";
        }
        return memlock < SMALL_BYTES
                ? "too little memory may be registered: raise memlock (LimitMEMLOCK=infinity)"
                : "";
    }

    private static String state(Path port) {
        return read(port.resolve("state")).replaceFirst("^\\d+: ", "");
    }

    /** The first address of the interface that the port is on, of IP version 4 if there is one. */
    private static String addressOf(Path port) {
        return Stream.concat(
                        KernelFile.list(port.resolve("gid_attrs/ndevs")).stream()
                                .map(RdmaDevices::read),
                        Stream.of(KernelFile.names(port.resolve("../../device/net"))))
                .filter(network -> !network.isEmpty())
                .distinct()
                .flatMap(RdmaDevices::addresses)
                .min(Comparator.comparing(one -> !(one instanceof Inet4Address)))
                .map(RdmaDevices::text)
                .orElse("");
    }

    /** Without the scope, which is the name of an interface of this machine alone. */
    static String text(InetAddress address) {
        return address.getHostAddress().replaceFirst("%.*", "");
    }

    private static Stream<InetAddress> addresses(String network) {
        try {
            return Optional.ofNullable(NetworkInterface.getByName(network)).stream()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(one -> !one.isLinkLocalAddress());
        } catch (SocketException e) {
            return Stream.empty();
        }
    }

    private static String read(Path file) {
        return KernelFile.readOrEmpty(file).strip();
    }
}
