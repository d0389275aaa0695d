package io.offcut.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;

final class SchedIdleTest {
    @Test
    void tellsAProcessBehindEveryoneElseFromAnOrdinaryOne() {
        try (Children children = new Children()) {
            Process ordinary = children.sleeping();
            Process idle = children.start("chrt", "--idle", "0", "sleep", "600");
            assertThat(SchedIdle.policyOf(ordinary.pid())).isEqualTo(SchedIdle.SCHED_OTHER);
            await().until(() -> SchedIdle.policyOf(idle.pid()) == SchedIdle.SCHED_IDLE);
        }
    }

    @Test
    void aProcessBecomesOrdinaryAndIdleAgain() {
        try (Children children = new Children()) {
            Process idle = children.start("chrt", "--idle", "0", "sleep", "600");
            await().until(() -> SchedIdle.policyOf(idle.pid()) == SchedIdle.SCHED_IDLE);
            SchedIdle.leave(idle.pid());
            assertThat(SchedIdle.policyOf(idle.pid())).isEqualTo(SchedIdle.SCHED_OTHER);
            SchedIdle.hurry(idle.pid());
            assertThat(SchedIdle.policyOf(idle.pid())).isNotEqualTo(SchedIdle.SCHED_IDLE);
            SchedIdle.enter(idle.pid());
            assertThat(SchedIdle.policyOf(idle.pid())).isEqualTo(SchedIdle.SCHED_IDLE);
        }
    }

    @Test
    void goneProcessHasNoPolicy() throws Exception {
        try (Children children = new Children()) {
            Process child = children.start("true");
            child.waitFor();
            assertThat(SchedIdle.policyOf(child.pid())).isEqualTo(-1);
        }
    }
}
