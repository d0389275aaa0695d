package io.offcut.executor;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.internal.memory.MemoryLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

    /** A client may write all of the file that it maps. */
    @Test
    void itsMemoryGoesBackWhateverItsClientWroteOverTheHeader() throws Exception {
        try (FileChannel region = FileChannel.open(holder.region(), StandardOpenOption.WRITE)) {
            region.write(ByteBuffer.wrap(new byte[MemoryLayout.STATE_OFFSET]), 0);
            region.write(ByteBuffer.allocate(4).putInt(0, -1), MemoryLayout.STATE_OFFSET);
        }
        assertThat(allocatedBlocks()).isGreaterThan(8);
        assertThat(MemoryRegion.end(holder.region(), MemoryStatus.REVOKED)).isFalse();
        assertThat(allocatedBlocks()).isLessThanOrEqualTo(8);
    }

    /** Of 512 bytes: of memory, for a file in /dev/shm. */
    private long allocatedBlocks() throws IOException {
        Process stat = new ProcessBuilder("stat", "-c", "%b", holder.region() + "").start();
        return Long.parseLong(new String(stat.getInputStream().readAllBytes(), US_ASCII).strip());
    }

    @Test
    void aFileThatIsNoRegionIsRefused() throws Exception {
        Path other = Files.write(dir.resolve("other"), new byte[4 << 20]);
        ChannelDescriptor descriptor =
                new ChannelDescriptor(0, ChannelDescriptor.SHM, other.toString(), "", 0, "", 0, 0);
        assertThatThrownBy(() -> Channels.openMemory(descriptor, PATIENCE))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT));
    }
}
