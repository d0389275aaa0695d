package io.offcut.executor.internal.verbs;

import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the two sides say to each other in the private data of connecting, little-endian. A request
 * has room for 56 bytes, so the secret goes as its 16 bytes and not as 32 digits: it is whole.
 *
 * <pre>
 * request                              acceptance or refusal
 *  0 int   magic "OFVH"                 0 int   magic "OFVW"
 *  4 short version                      4 short version of the worker
 *  6 short worker                       6 short zero
 *  8 16 bytes secret                    8 int   0, or why not
 *                                      12 int   slots
 *                                      16 int   payloadBytes
 *                                      20 int   key of the region of the inputs
 *                                      24 long  address of the first request
 *                                      32 long  from a slot's request to the next
 * </pre>
 */
final class VerbsHello {
    /** Besides those of {@link InvocationStatus}: the secret is wrong. */
    static final int UNAUTHORIZED = -100;

    /** Besides those of {@link InvocationStatus}: there is no such worker. */
    static final int NO_SUCH_WORKER = -101;

    static final int REQUEST_BYTES = 24;
    static final int REPLY_BYTES = 40;

    private static final int REQUEST_MAGIC = 0x4856464F; // "OFVH"
    private static final int REPLY_MAGIC = 0x5756464F; // "OFVW"
    private static final int VERSION_OFFSET = 4;
    private static final int WORKER_OFFSET = 6;
    private static final int SECRET_OFFSET = 8;

    /** What a worker answers. */
    record Reply(
            short version,
            int status,
            int slots,
            int payloadBytes,
            int rkey,
            long address,
            long strideBytes) {
        static Reply refusal(int status) {
            return new Reply(InvocationFrame.VERSION, status, 0, 0, 0, 0, 0);
        }

        byte[] bytes() {
            return buffer(REPLY_BYTES)
                    .putInt(REPLY_MAGIC)
                    .putShort(version)
                    .putShort((short) 0)
                    .putInt(status)
                    .putInt(slots)
                    .putInt(payloadBytes)
                    .putInt(rkey)
                    .putLong(address)
                    .putLong(strideBytes)
                    .array();
        }
    }

    private VerbsHello() {}

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static byte[] request(int worker, VerbsSecret secret) {
        return secret.to(
                        buffer(REQUEST_BYTES)
                                .putInt(REQUEST_MAGIC)
                                .putShort(InvocationFrame.VERSION)
                                .putShort((short) worker))
                .array();
    }

    /** Judges a request without looking at the worker. @return 0, or the reply's status */
    static int check(byte[] request, VerbsSecret secret) {
        if (request.length < REQUEST_BYTES || read(request).getInt(0) != REQUEST_MAGIC) {
            return InvocationStatus.MALFORMED.code();
        }
        if (read(request).getShort(VERSION_OFFSET) != InvocationFrame.VERSION) {
            return InvocationStatus.WRONG_VERSION.code();
        }
        return secret.isAt(request, SECRET_OFFSET) ? 0 : UNAUTHORIZED;
    }

    static int worker(byte[] request) {
        return read(request).getShort(WORKER_OFFSET);
    }

    static boolean isReply(byte[] data) {
        return data.length >= REPLY_BYTES && read(data).getInt(0) == REPLY_MAGIC;
    }

    static Reply reply(byte[] data) {
        ByteBuffer from = read(data);
        int ignored = from.getInt();
        short version = from.getShort();
        ignored = from.getShort();
        return new Reply(
                version,
                from.getInt(),
                from.getInt(),
                from.getInt(),
                from.getInt(),
                from.getLong(),
                from.getLong());
    }

    private static ByteBuffer read(byte[] data) {
        return ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    }
}
