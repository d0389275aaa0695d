package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaProvider;
import com.ibm.disni.verbs.RdmaVerbs;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.lang.reflect.Field;

/**
 * The provider behind DiSNI's API: libibverbs and librdmacm of rdma-core, without a native library
 * of our own. {@link #install} makes {@code RdmaCm.open()} and {@code RdmaVerbs.open()} this one's;
 * with the system property {@value #PROPERTY} set to {@value #UPSTREAM} they stay DiSNI's own,
 * which needs its libdisni.
 *
 * <p>What the API hides is in the types here: {@link NativeCm} (private data, refusing, addresses
 * of IPv6), {@link NativeCmEvent} (status and private data), {@link PostSend} (immediate data and
 * atomics of each post), {@link WorkCompletion}, {@link NativeVerbs} (regions over 2 GiB).
 */
public final class OffcutRdma extends RdmaProvider {
    /** {@code offcut} or {@code disni}. */
    public static final String PROPERTY = "offcut.rdma.provider";

    static final String UPSTREAM = "disni";

    private static final int VERSION = 1;
    private static final OffcutRdma INSTANCE = new OffcutRdma();

    private static volatile boolean installed;

    private final NativeCm cm = new NativeCm();
    private final NativeVerbs verbs = new NativeVerbs();

    private OffcutRdma() {}

    /** Whether DiSNI's own provider is to be used. */
    public static boolean upstreamChosen() {
        return System.getProperty(PROPERTY, "").equals(UPSTREAM);
    }

    /**
     * Puts this provider behind DiSNI's API, unless upstream's was chosen. Again and again is once.
     *
     * @throws OffcutException {@code NOT_FOUND} if this machine lacks the libraries
     */
    public static void install() {
        if (installed || upstreamChosen()) {
            return;
        }
        RdmaLibraries ignored = RdmaLibraries.get();
        try {
            synchronized (OffcutRdma.class) {
                Field provider = RdmaProvider.class.getDeclaredField("provider");
                provider.setAccessible(true);
                provider.set(null, INSTANCE);
                installed = true;
            }
        } catch (ReflectiveOperationException e) {
            throw new OffcutException(
                    ErrorCode.INTERNAL, "this release of DiSNI keeps its provider elsewhere", e);
        }
    }

    /** The connection manager, {@link #install}ed. */
    public static NativeCm cm() {
        install();
        return INSTANCE.cm;
    }

    /** The verbs, {@link #install}ed. */
    public static NativeVerbs verbs() {
        install();
        return INSTANCE.verbs;
    }

    @Override
    public RdmaCm openCm() {
        return cm;
    }

    @Override
    public RdmaVerbs openVerbs() {
        return verbs;
    }

    @Override
    public int getVersion() {
        return VERSION;
    }
}
