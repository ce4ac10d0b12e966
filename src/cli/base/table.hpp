#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/base/output.hpp"

namespace cairn::cli {

enum class Align { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

/// Rows under one another. Widths come from the first `kMeasured` rows, so that a list of any
/// length takes the same memory; a later cell that is wider pushes its own row only. Cells must be
/// safe to show (`plain`).
class Table {
public:
    static constexpr std::size_t kMeasured = 500;

    Table(Output& out, std::vector<Column> columns);

    void row(std::vector<std::string> cells);
    /// Writes what has been held back; a table without a row writes nothing.
    void end();
    [[nodiscard]] std::size_t rows() const { return rows_; }

private:
    void measure(const std::vector<std::string>& cells);
    void show(const std::vector<std::string>& cells, bool title);
    void flush();

    Output& out_;
    std::vector<Column> columns_;
    std::vector<std::size_t> widths_;
    std::vector<std::vector<std::string>> held_;
    std::size_t rows_ = 0;
    bool begun_ = false;
};

/// "name  value" lines, values under one another; an empty value leaves its line out.
class Facts {
public:
    explicit Facts(Output& out) : out_{out} {}
    Facts& add(std::string name, std::string value);
    void end();

private:
    Output& out_;
    std::vector<std::pair<std::string, std::string>> facts_;
};

}  // namespace cairn::cli
