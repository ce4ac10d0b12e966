#pragma once

#include <memory>
#include <string>

#include "api/http/answer.hpp"
#include "ledger/staged.hpp"
#include "node/view.hpp"

namespace cairn {

/// A long answer made piece by piece from one view: a block, a transaction, a row at a time, so that
/// memory does not grow with the chain. What a piece has too much waits for the next call.
class PieceStream : public http::Stream {
public:
    static constexpr std::size_t kChunk = 64 * 1024;

    explicit PieceStream(ViewPtr view) : view_{std::move(view)}, rows_{view_->store} {}
    [[nodiscard]] Result<bool, StoreError> next(std::string& out) final;

protected:
    /// Appends the next piece; false after the last.
    [[nodiscard]] virtual bool piece(std::string& out) = 0;
    [[nodiscard]] const View& view() const { return *view_; }
    [[nodiscard]] const Staged& rows() const { return rows_; }

private:
    ViewPtr view_;
    Staged rows_;
    std::string made_;
    std::size_t sent_ = 0;
    bool ended_ = false;
};

}  // namespace cairn
