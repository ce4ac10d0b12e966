#include "core/base/memory_budget.hpp"

namespace cairn {

std::shared_ptr<MemoryBudget> MemoryBudget::make(std::size_t limit) {
    return std::make_shared<MemoryBudget>(Private{}, limit, nullptr);
}

std::shared_ptr<MemoryBudget> MemoryBudget::part(std::size_t limit) {
    return std::make_shared<MemoryBudget>(Private{}, limit, shared_from_this());
}

bool MemoryBudget::take(std::size_t bytes) {
    std::size_t before = used();
    do {
        if (bytes > limit_ || before > limit_ - bytes) return false;
    } while (!used_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
    if (whole_ && !whole_->take(bytes)) {
        used_.fetch_sub(bytes, std::memory_order_relaxed);
        return false;
    }
    std::size_t peak = this->peak();
    while (peak < before + bytes &&
           !peak_.compare_exchange_weak(peak, before + bytes, std::memory_order_relaxed)) {
    }
    return true;
}

void MemoryBudget::give_back(std::size_t bytes) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    if (whole_) whole_->give_back(bytes);
}

bool MemoryBudget::Hold::resize(std::size_t bytes) {
    if (of_ && bytes > bytes_ && !of_->take(bytes - bytes_)) return false;
    if (of_ && bytes < bytes_) of_->give_back(bytes_ - bytes);
    bytes_ = bytes;
    return true;
}

}  // namespace cairn
