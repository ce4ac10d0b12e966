#pragma once

#include "ledger/store.hpp"

namespace cairn {

/// What is left of a scan's bounds. Both stores count with it, so that they end a scan at the same
/// row.
class ScanBudget {
public:
    explicit ScanBudget(Bounds bounds) : left_{bounds} {}

    /// Whether a row of this size may still be returned; the first always may.
    [[nodiscard]] bool take(std::size_t key_size, std::size_t value_size) {
        const std::size_t size = key_size + value_size;
        if (!first_ && (left_.rows == 0 || size > left_.bytes)) return false;
        first_ = false;
        left_.rows -= left_.rows > 0 ? 1 : 0;
        left_.bytes -= size < left_.bytes ? size : left_.bytes;
        return true;
    }

private:
    Bounds left_;
    bool first_ = true;
};

}  // namespace cairn
