#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace cairn {

/// So many bytes that many may hold at once, and no more: whoever asks for more is refused and
/// tells its client so, before the allocator would have to. A budget counts, it allocates nothing.
/// Budgets nest: what is held of a part is held of the whole as well.
///
/// Units: bytes. Any thread; never waits.
class MemoryBudget : public std::enable_shared_from_this<MemoryBudget> {
    struct Private {};

public:
    [[nodiscard]] static std::shared_ptr<MemoryBudget> make(std::size_t limit);
    MemoryBudget(Private, std::size_t limit, std::shared_ptr<MemoryBudget> whole)
        : limit_{limit}, whole_{std::move(whole)} {}

    /// At most `limit` bytes of this budget, for one purpose.
    [[nodiscard]] std::shared_ptr<MemoryBudget> part(std::size_t limit);

    /// Bytes held, given back with the hold. Without a budget it holds whatever it is told to. One
    /// thread at a time.
    class Hold {
    public:
        Hold() = default;
        explicit Hold(std::shared_ptr<MemoryBudget> of) : of_{std::move(of)} {}
        Hold(Hold&& other) noexcept
            : of_{std::move(other.of_)}, bytes_{std::exchange(other.bytes_, 0)} {}
        Hold& operator=(Hold&& other) noexcept {
            std::swap(of_, other.of_);
            std::swap(bytes_, other.bytes_);
            return *this;
        }
        ~Hold() { clear(); }

        /// Holds `bytes` in all from now on. False, and nothing has changed: there is no room for
        /// so many. Holding fewer than before always succeeds.
        [[nodiscard]] bool resize(std::size_t bytes);
        void clear() { (void)resize(0); }
        [[nodiscard]] std::size_t bytes() const { return bytes_; }

    private:
        std::shared_ptr<MemoryBudget> of_;
        std::size_t bytes_ = 0;
    };

    /// A hold of nothing yet.
    [[nodiscard]] Hold hold() { return Hold{shared_from_this()}; }

    [[nodiscard]] std::size_t limit() const { return limit_; }
    [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
    /// The most that was ever held at once.
    [[nodiscard]] std::size_t peak() const { return peak_.load(std::memory_order_relaxed); }

private:
    [[nodiscard]] bool take(std::size_t bytes);
    void give_back(std::size_t bytes);

    const std::size_t limit_;
    const std::shared_ptr<MemoryBudget> whole_;  // null: this is the whole
    std::atomic<std::size_t> used_{0};
    std::atomic<std::size_t> peak_{0};
};

}  // namespace cairn
