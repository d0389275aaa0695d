package io.offcut.executor;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class RdmaDevicesTest {
    private static final byte[] SIX = {
        0x20, 1, 0xd, (byte) 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
    };

    @Test
    void anAddressIsToldWithoutTheInterfaceOfThisMachine() throws UnknownHostException {
        assertThat(RdmaDevices.text(Inet6Address.getByAddress("", SIX, 3)))
                .isEqualTo("2001:db8:0:0:0:0:0:1");
        assertThat(RdmaDevices.text(InetAddress.getByAddress(new byte[] {10, 77, 0, 1})))
                .isEqualTo("10.77.0.1");
    }
}
