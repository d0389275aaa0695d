package io.offcut.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class SchedIdleTest {
    @Test
    void putsAChildBehindEveryoneElse() {
        try (Children children = new Children()) {
            Process child = children.sleeping();
            assertThat(SchedIdle.policyOf(child.pid())).isEqualTo(SchedIdle.SCHED_OTHER);
            assertThat(SchedIdle.apply(child.pid())).isTrue();
            assertThat(SchedIdle.policyOf(child.pid())).isEqualTo(SchedIdle.SCHED_IDLE);
        }
    }

    @Test
    void putsAllThreadsOfItsOwnProcessBehind() throws Exception {
        String java = ProcessHandle.current().info().command().orElseThrow();
        try (Children children = new Children()) {
            Process child =
                    children.start(
                            java,
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            IdleChild.class.getName());
            assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(new String(child.getInputStream().readAllBytes(), UTF_8))
                    .isEqualTo("applied, 0 ordinary\n");
        }
    }

    @Test
    void goneProcessHasNoPolicy() throws Exception {
        try (Children children = new Children()) {
            Process child = children.start("true");
            child.waitFor();
            assertThat(SchedIdle.policyOf(child.pid())).isEqualTo(-1);
            assertThat(SchedIdle.apply(child.pid())).isFalse();
        }
    }
}
