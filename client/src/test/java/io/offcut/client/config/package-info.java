@NullMarked
package io.offcut.client.config;

import org.jspecify.annotations.NullMarked;
