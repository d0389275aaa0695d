package io.offcut.executor.internal.memory;

import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.internal.verbs.VerbsSecret;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a client and a holder say to each other in the private data of connecting by RDMA, version
 * {@value #VERSION}, little-endian.
 *
 * <pre>
 * request, 24 bytes                    acceptance or refusal, 48 bytes
 *  0 int   magic "OFMV"                 0 int   magic "OFMP"
 *  4 int   version                      4 int   version of the holder
 *  8 16 bytes secret                    8 int   0, or why not: {@link MemoryStatus}, −100 for a
 *                                               wrong secret, −101 where it cannot be registered
 *                                      12 int   key of the memory
 *                                      16 long  bytes of memory
 *                                      24 long  address of the memory
 *                                      32 long  address of the state, which can be read alone
 *                                      40 int   key of the state
 * </pre>
 */
final class VerbsMemoryHello {
    static final int VERSION = 1;

    /** Besides those of {@link MemoryStatus}: there is memory, but not by RDMA. */
    static final int CANNOT = -101;

    private static final int REQUEST_BYTES = 24;
    private static final int REPLY_BYTES = 48;
    private static final int REQUEST_MAGIC = 0x564D464F; // "OFMV"
    private static final int REPLY_MAGIC = 0x504D464F; // "OFMP"
    private static final int VERSION_OFFSET = 4;
    private static final int SECRET_OFFSET = 8;

    /** What a holder answers. */
    record Reply(
            int version,
            int status,
            int memoryKey,
            long bytes,
            long memoryAddress,
            long stateAddress,
            int stateKey) {
        static Reply refusal(int status) {
            return new Reply(VERSION, status, 0, 0, 0, 0, 0);
        }

        byte[] encoded() {
            return buffer(REPLY_BYTES)
                    .putInt(REPLY_MAGIC)
                    .putInt(version)
                    .putInt(status)
                    .putInt(memoryKey)
                    .putLong(bytes)
                    .putLong(memoryAddress)
                    .putLong(stateAddress)
                    .putInt(stateKey)
                    .array();
        }
    }

    private VerbsMemoryHello() {}

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static byte[] request(VerbsSecret secret) {
        return secret.to(buffer(REQUEST_BYTES).putInt(REQUEST_MAGIC).putInt(VERSION)).array();
    }

    /** Judges a request. @return 0, or the reply's status */
    static int check(byte[] request, VerbsSecret secret) {
        if (request.length < REQUEST_BYTES || read(request).getInt(0) != REQUEST_MAGIC) {
            return MemoryStatus.MALFORMED.code();
        }
        if (read(request).getInt(VERSION_OFFSET) != VERSION) {
            return MemoryStatus.WRONG_VERSION.code();
        }
        return secret.isAt(request, SECRET_OFFSET) ? 0 : MemoryFrame.UNAUTHORIZED;
    }

    static boolean isReply(byte[] data) {
        return data.length >= REPLY_BYTES && read(data).getInt(0) == REPLY_MAGIC;
    }

    static Reply reply(byte[] data) {
        ByteBuffer from = read(data).position(VERSION_OFFSET);
        return new Reply(
                from.getInt(),
                from.getInt(),
                from.getInt(),
                from.getLong(),
                from.getLong(),
                from.getLong(),
                from.getInt());
    }

    private static ByteBuffer read(byte[] data) {
        return ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    }
}
