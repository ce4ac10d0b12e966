#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "bench/support/measure.hpp"
#include "core/consensus/checked.hpp"
#include "core/crypto/schnorr.hpp"

/// What the machine could do at best: the figures that every other is held against.
namespace cairn::bench {

inline unsigned cores() { return std::max(1U, std::thread::hardware_concurrency()); }

/// Calls `work(i)` for each i below `count` on `threads` threads.
template <class Work>
void in_parallel(std::size_t count, unsigned threads, Work work) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> running;
    for (unsigned t = 0; t < threads; ++t)
        running.emplace_back([&] {
            for (std::size_t i = next++; i < count; i = next++) work(i);
        });
}

/// Seconds to verify the signatures of `transfers` and do nothing else, on `threads` threads.
inline double verify_seconds(const std::vector<TransferPtr>& transfers, const ChainParams& params,
                             unsigned threads) {
    std::vector<Hash256> messages;
    for (const auto& transfer : transfers)
        messages.push_back(signing_hash(params.genesis().hash, encode_unsigned(transfer->value())));
    std::atomic<bool> all_right{true};
    const double seconds = seconds_of([&] {
        in_parallel(transfers.size(), threads, [&](std::size_t i) {
            if (!schnorr_verify(transfers[i]->sender(), messages[i].bytes,
                                transfers[i]->value().signature))
                all_right = false;
        });
    });
    ENSURE(all_right);
    return seconds;
}

/// A file in `folder` that is appended to and synced: the disk's own limit.
class SyncedFile {
public:
    explicit SyncedFile(const TempFolder& folder)
        : descriptor_{::open(folder.path("synced").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600)} {
        ENSURE(descriptor_ >= 0);
    }
    ~SyncedFile() { ::close(descriptor_); }
    SyncedFile(const SyncedFile&) = delete;
    SyncedFile& operator=(const SyncedFile&) = delete;

    void append(const Bytes& bytes) {
        ENSURE(::write(descriptor_, bytes.data(), bytes.size()) ==
               static_cast<ssize_t>(bytes.size()));
        ENSURE(::fdatasync(descriptor_) == 0);
    }

private:
    int descriptor_;
};

}  // namespace cairn::bench
