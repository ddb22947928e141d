#include "common/damage_report.h"

namespace asciinemad {

std::vector<std::string> describe_damage(const RecordingDamage& damage) {
  std::vector<std::string> report;
  if (!damage.first_bad.empty()) {
    const RecordingDamage::BadLine& first = damage.first_bad.front();
    report.push_back("line " + std::to_string(first.line) + " is damaged and was skipped" +
                     (damage.bad_lines > 1
                          ? " (" + std::to_string(damage.bad_lines) + " lines in all): "
                          : ": ") +
                     first.reason);
  }
  if (damage.cut.has_value()) {
    report.push_back("the end is cut off at line " + std::to_string(damage.cut->line) + " (" +
                     damage.cut->reason + "); everything before it was used");
  }
  return report;
}

}  // namespace asciinemad
