#pragma once

#include <memory>
#include <vector>

#include "ledger/store.hpp"

namespace cairn::bench {

/// Remembers what was written through it, so that the bare writes can be timed by themselves.
class RecordingStore final : public Store {
public:
    explicit RecordingStore(Store& below) : below_{below} {}

    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override {
        return below_.snapshot();
    }
    [[nodiscard]] Result<void, StoreError> write(const Batch& batch) override {
        batches_.push_back(batch);
        return below_.write(batch);
    }
    [[nodiscard]] Result<std::string, StoreError> backup() override { return below_.backup(); }

    [[nodiscard]] const std::vector<Batch>& batches() const { return batches_; }

private:
    Store& below_;
    std::vector<Batch> batches_;
};

}  // namespace cairn::bench
