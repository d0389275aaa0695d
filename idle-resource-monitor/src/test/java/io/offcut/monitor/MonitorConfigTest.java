package io.offcut.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class MonitorConfigTest {
    private static final long MIB = 1 << 20;

    @Test
    void pinsTheDefaults() {
        assertThat(MonitorConfig.defaults())
                .isEqualTo(
                        new MonitorConfig(
                                CpuSet.empty(),
                                0,
                                512 * MIB,
                                0,
                                0.2,
                                3,
                                64 * MIB,
                                0.05,
                                16 * MIB,
                                false,
                                new MonitorConfig.Underused(30, 1, 256 * MIB, 0.01)));
    }

    @Test
    void namesTheKeyItRefuses() {
        MonitorConfig good = MonitorConfig.defaults();
        refuses("reserveCores is -1", () -> good.withReserve(-1, 0, 0));
        refuses("reserveMemoryBytes is -1", () -> good.withReserve(0, -1, 0));
        refuses("memoryLimitBytes is -1", () -> good.withReserve(0, 0, -1));
        refuses("busyThreshold is 1.01", () -> good.withIdleness(1.01, 3));
        refuses("busyThreshold is NaN", () -> good.withIdleness(Double.NaN, 3));
        refuses("offerAfterSamples is 0", () -> good.withIdleness(0.5, 0));
        refuses("underused.afterSamples is 0", () -> new MonitorConfig.Underused(0, 1, 0, 0.1));
        refuses("underused.marginCores is -1", () -> new MonitorConfig.Underused(1, -1, 0, 0.1));
        refuses(
                "underused.memoryMarginBytes is -1",
                () -> new MonitorConfig.Underused(1, 1, -1, 0.1));
        refuses("underused.memoryStall is 0", () -> new MonitorConfig.Underused(1, 1, 0, 0));
    }

    private static void refuses(String reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("monitor." + reason)
                .hasMessageContaining("expected");
    }
}
