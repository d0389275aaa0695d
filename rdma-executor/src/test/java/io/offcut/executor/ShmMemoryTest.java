package io.offcut.executor;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.MemoryStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ShmMemoryTest extends MemoryContract {
    @Override
    String transport() {
        return ChannelDescriptor.SHM;
    }

    @Override
    MemoryStatus lost() {
        return MemoryStatus.LOST;
    }

    @Test
    void aFileThatIsNoRegionIsRefused() throws Exception {
        Path other = Files.write(dir.resolve("other"), new byte[4 << 20]);
        ChannelDescriptor descriptor =
                new ChannelDescriptor(0, ChannelDescriptor.SHM, other.toString(), "", 0, "", 0, 0);
        assertThatThrownBy(() -> Channels.openMemory(descriptor, PATIENCE))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e ->
                                org.assertj.core.api.Assertions.assertThat(e.code())
                                        .isEqualTo(ErrorCode.INVALID_INPUT));
    }
}
