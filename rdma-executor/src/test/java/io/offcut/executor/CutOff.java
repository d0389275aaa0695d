package io.offcut.executor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The guest's device while everything that it sends is lost, without an error on either side: its
 * card has another address than the one to which the packets of each connection go.
 */
final class CutOff implements AutoCloseable {
    private final String address;

    CutOff() throws IOException {
        address = Files.readString(Path.of("/sys/class/net/eth0/address")).strip();
        setAddress("02:00:00:00:00:01");
    }

    private static void setAddress(String address) throws IOException {
        String ignored = run("ip", "link", "set", "eth0", "address", address);
    }

    /** What a command says, which must go well. */
    static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.onExit().join().exitValue())
                .as("%s: %s", List.of(command), said)
                .isZero();
        return said;
    }

    @Override
    public void close() throws IOException {
        setAddress(address);
    }
}
